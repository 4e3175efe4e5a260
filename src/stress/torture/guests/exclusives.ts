// Exclusive monitors: STXR must fail after every kind of store by another vCPU, also where the page saw no LDXR before.
import type { TortureGuest } from '../guest.ts';

/** Stores of what is there already, to x10; they clobber x11…x14 and v0. A compare-and-swap sees none of them. */
const STORES: readonly string[] = [
  ...(['b', 'h', ''] as const).map((s) => `ldr${s} w11, [x10]; str${s} w11, [x10]`),
  'ldr x11, [x10]; str x11, [x10]', 'ldar x11, [x10]; stlr x11, [x10]', 'ldur w11, [x10, #-1]; stur w11, [x10, #-1]',
  'ldp x11, x12, [x10]; stp x11, x12, [x10]', 'ldr q0, [x10]; str q0, [x10]', 'ldur q0, [x10, #-3]; stur q0, [x10, #-3]',
  'ldur q0, [x10, #-13]; stur q0, [x10, #-13]', 'ld1 {v0.d}[0], [x10]; st1 {v0.d}[0], [x10]',
  ...(['b', 'h', ''] as const).map((s) => `1: ldxr${s} w11, [x10]; stxr${s} w12, w11, [x10]; cbnz w12, 1b`),
  '1: ldxr x11, [x10]; stxr w12, x11, [x10]; cbnz w12, 1b', '1: ldxp x11, x12, [x10]; stxp w13, x11, x12, [x10]; cbnz w13, 1b',
  ...(['b', 'h', ''] as const).flatMap((s) => [`ldr${s} w11, [x10]; swpal${s} w11, w12, [x10]`, `ldr${s} w11, [x10]; casal${s} w11, w11, [x10]`]),
  'ldr x11, [x10]; casal x11, x11, [x10]', 'mov x11, #0; ldaddal x11, x12, [x10]', 'mov w11, #0; ldsetalb w11, w12, [x10]',
  'ldr x11, [x10]; ldsmaxal x11, x12, [x10]', 'ldrh w11, [x10]; lduminalh w11, w12, [x10]',
  'ldp w12, w13, [x10]; caspal w12, w13, w12, w13, [x10]', 'ldp x12, x13, [x10]; caspal x12, x13, x12, x13, [x10]',
  'mov x11, #1; ldaddal x11, x12, [x10]; mov x11, #-1; ldaddal x11, x12, [x10]',
];

/** Load and store of each form, at x10: values in x2, x3, status in w1. */
const FORMS: readonly (readonly [string, string])[] = [
  ...(['b', 'h', ''] as const).map((s) => [`ldxr${s} w2, [x10]`, `stxr${s} w1, w2, [x10]`] as const),
  ['ldxr x2, [x10]', 'stxr w1, x2, [x10]'], ['ldaxr x2, [x10]', 'stlxr w1, x2, [x10]'],
  ['ldxp w2, w3, [x10]', 'stxp w1, w2, w3, [x10]'], ['ldaxp x2, x3, [x10]', 'stlxp w1, x2, x3, [x10]'],
];

const SLOT_LG = 6;
/** Code of equal slots, each ended by RET. */
const slots = (code: readonly string[]): string => code.map((c) => `.balign ${1 << SLOT_LG}\n${c.replaceAll(';', '\n')}\nret`).join('\n');

/** Pairs of vCPUs: the even one opens a monitor, the odd one stores, the even one must fail; undisturbed it must pass. */
const aba: TortureGuest = {
  name: 'aba', summary: 'LDXR, a store of the same value by another vCPU, STXR: every form of exclusive, every kind of store', lse: true, minVcpus: 2, aba: true,
  source: String.raw`
.equ NSTORES, ${STORES.length}
.equ NFORMS, ${FORMS.length}
// Of a pair, from x19: words to each other, each on a line of its own. WHAT: store and x10, the location: by turns at the
// begin of a granule of 64 bytes and inside it, at the begin of one of 16 bytes always.
.equ SEQ, 0
.equ ACK, 64
.equ WHAT, 128
test_setup:
    ret
test_run:
    str   x30, [sp, #-16]!
    ldr   x19, =ARENA
    lsr   x0, x27, #1
    add   x19, x19, x0, lsl #16
    add   x10, x19, #0x1, lsl #12
    add   x10, x10, #0x50
    mov   x20, #0                       // round
    mov   x21, #0                       // store
    mov   x22, #0                       // form
    add   x0, x27, #1
    cmp   x0, x24
    b.eq  alone                         // an odd one out
    tbnz  x27, #0, storer
owner:
    adr   x23, loads
    add   x23, x23, x22, lsl #${SLOT_LG}
    blr   x23
    stp   x21, x10, [x19, #WHAT]
    add   x20, x20, #1
    stlr  x20, [x19]
    add   x15, x19, #ACK
1:  bl    more
    cbz   w0, leave
    ldar  x0, [x15]
    cmp   x0, x20
    b.eq  2f
    yield
    b     1b
2:  adr   x23, stores
    add   x23, x23, x22, lsl #${SLOT_LG}
    blr   x23
    mov   w3, #1
    add   x1, x1, x21, lsl #8           // which store it was
    add   x3, x3, x21, lsl #8
    check_eq 1, x3, x1
    // Nobody disturbs: some try passes.
3:  adr   x23, loads
    add   x23, x23, x22, lsl #${SLOT_LG}
    blr   x23
    adr   x23, stores
    add   x23, x23, x22, lsl #${SLOT_LG}
    blr   x23
    cbnz  w1, 3b
    ops   1
    add   x22, x22, #1
    cmp   x22, #NFORMS
    b.lo  owner
    mov   x22, #0
    add   x21, x21, #1
    cmp   x21, #NSTORES
    b.lo  owner
    mov   x21, #0
    eor   x10, x10, #0x10
    b     owner
storer:
1:  bl    more
    cbz   w0, leave
    ldar  x0, [x19]
    cmp   x0, x20
    b.ne  2f
    yield
    b     1b
2:  mov   x20, x0
    ldp   x21, x10, [x19, #WHAT]
    adr   x23, silent
    add   x23, x23, x21, lsl #${SLOT_LG}
    blr   x23
    add   x15, x19, #ACK
    stlr  x20, [x15]
    ops   1
    b     storer
alone:
    tbnz  x27, #0, storer
    ops   1
    yield
    bl    rt_more
    cbnz  w0, alone
leave:
    ldr   x30, [sp], #16
    ret
// rt_more, but not before the first operation.
more:
    str   x30, [sp, #-16]!
    bl    rt_more
    ldr   x16, [x26, #R_OPS]
    cmp   x16, #0
    csinc w0, w0, wzr, ne
    ldr   x30, [sp], #16
    ret
test_check:
    ret
.balign ${1 << SLOT_LG}
loads:
${slots(FORMS.map(([load]) => load))}
.balign ${1 << SLOT_LG}
stores:
${slots(FORMS.map(([, store]) => store))}
.balign ${1 << SLOT_LG}
silent:
${slots(STORES)}
.balign ${1 << SLOT_LG}
`,
};

/**
 * The last vCPU stores numbers to a page, one greater than the other; the others exchange what is there for the same with
 * a mark, exclusively, on page after page. A marked number older than the last one stored is a store that got lost.
 */
const freshPages = (name: string, by: string, lse: boolean, exchange: string): TortureGuest => ({
  name, summary: `plain stores against ${by} on pages that see their first one while they are stored to`, minVcpus: 2, lse,
  source: String.raw`
.equ PAGES, (ARENA_END - ARENA) >> 12
.equ MARK, 1 << 40
.equ STORES, 400
test_setup:
    ret
test_run:
    str   x30, [sp, #-16]!
    adrp  x19, page
    add   x19, x19, :lo12:page
    sub   x0, x24, #1
    mov   x22, #MARK
    cmp   x27, x0
    b.ne  exchanger
    mov   x20, #0                       // page
    mov   x21, #0                       // number
storer:
    ldr   x10, =ARENA
    add   x10, x10, x20, lsl #12
    add   x21, x21, #1
    str   x21, [x10]
    stlr  x20, [x19]                    // the others may begin
    mov   x23, #STORES
1:  add   x21, x21, #1
    str   x21, [x10]
    ldr   x2, [x10]
    cmp   x2, x21
    b.eq  2f
    eor   x2, x2, x22                   // marked, else the check below fails
    check_eq 1, x21, x2
    count 0
2:  subs  x23, x23, #1
    b.ne  1b
    ops   1
    add   x20, x20, #1
    ldr   x0, =PAGES
    cmp   x20, x0
    csel  x20, x20, xzr, lo
    bl    rt_more
    cbnz  w0, storer
    b     leave
exchanger:
    ldar  x20, [x19]
    ldr   x10, =ARENA
    add   x10, x10, x20, lsl #12
    mov   x23, #64
1:  ${exchange}
    subs  x23, x23, #1
    b.ne  1b
    ops   1
    bl    rt_more
    cbnz  w0, exchanger
leave:
    ldr   x30, [sp], #16
    ret
test_check:
    ret
.balign 64
page: .quad 0
.balign 64
`,
});

export const exclusiveGuests: readonly TortureGuest[] = [
  aba,
  freshPages('llsc-fresh-pages', 'LDXR and STXR', false, String.raw`ldxr  x2, [x10]
    orr   x2, x2, x22
    stxr  w1, x2, [x10]`),
  freshPages('casp-fresh-pages', 'CASP of 128 bits', true, String.raw`ldp   x2, x3, [x10]
    orr   x4, x2, x22
    mov   x5, x3
    casp  x2, x3, x4, x5, [x10]`),
];
