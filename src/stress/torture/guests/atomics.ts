// Atomic read-modify-writes: every LSE operation at every size, aligned and not; 128 bits; sizes that overlap.
import type { GuestResult, TortureGuest } from '../guest.ts';

/** What an operation leaves behind, folded over all operands: how it can be checked. */
type Fold = 'add' | 'eor' | 'set' | 'clr' | 'smax' | 'smin' | 'umax' | 'umin' | 'swp' | 'cas';
const FOLDS: readonly Fold[] = ['add', 'eor', 'set', 'clr', 'smax', 'smin', 'umax', 'umin', 'swp', 'cas'];

interface Place { readonly fold: Fold; readonly bytes: 1 | 2 | 4 | 8; readonly order: string; /** Offset from `places`. */ readonly at: number }

const SUFFIX = { 1: 'b', 2: 'h', 4: '', 8: '' } as const;
const ORDERS = ['', 'a', 'l', 'al'];

/**
 * A place for each operation and size. Two places of the same size and operation share an aligned 16 bytes with others, so
 * that neighbours are written all the time. `shift`: 0 aligned; else bytes off alignment inside the 16 bytes (FEAT_LSE2).
 */
function places(shift: number): Place[] {
  const out: Place[] = [];
  let line = 0;
  for (const bytes of [1, 2, 4, 8] as const) {
    FOLDS.forEach((fold, k) => {
      const perLine = 16 / bytes, order = ORDERS[(k + bytes) % ORDERS.length];
      if (shift > 0) {
        if (bytes > 1) out.push({ fold, bytes, order, at: 16 * line++ + Math.min(shift, 16 - bytes) });
      } else out.push({ fold, bytes, order, at: 16 * (line + Math.floor(k / perLine)) + (k % perLine) * bytes });
    });
    if (shift === 0) line += Math.ceil(FOLDS.length / (16 / bytes));
  }
  return out;
}

const instruction = (p: Place): string => (p.fold === 'swp' ? `swp${p.order}${SUFFIX[p.bytes]}` : p.fold === 'cas' ? `cas${p.order}${SUFFIX[p.bytes]}` : `ld${p.fold}${p.order}${SUFFIX[p.bytes]}`);
const loadUnsigned = (bytes: number): string => ({ 1: 'ldrb', 2: 'ldrh', 4: 'ldr', 8: 'ldr' })[bytes]!;

/**
 * One operation at a place. x21 = places, x22 = what this vCPU keeps for each place (8 bytes): the fold of all its operands,
 * for swp what it holds. x0 = random operand.
 */
function step(p: Place, k: number): string {
  const r = p.bytes === 8 ? 'x' : 'w', keep = `[x22, #${8 * k}]`;
  const narrow = p.bytes === 1 ? 'uxtb w1, w1' : p.bytes === 2 ? 'uxth w1, w1' : p.bytes === 4 ? 'mov w1, w1' : '';
  const head = `adr x18, .Lskip${k}\nrandom x1\n${narrow}\nadd x3, x21, #${p.at}\n`, skip = `.Lskip${k}:\n`;
  const fold = { add: 'add x4, x4, x1', eor: 'eor x4, x4, x1', set: 'orr x4, x4, x1', clr: 'orr x4, x4, x1' } as Partial<Record<Fold, string>>;
  switch (p.fold) {
    case 'swp': return `${head}ldr x1, ${keep}\n${instruction(p)} ${r}1, ${r}2, [x3]\nstr x2, ${keep}\n${skip}`;
    case 'cas':
      return `${head}${loadUnsigned(p.bytes)} ${r}2, [x3]\n.Lcas${k}:\nmov x4, x2\nadd ${r}5, ${r}2, #1\n${instruction(p)} ${r}2, ${r}5, [x3]\ncmp ${r}2, ${r}4\nb.ne .Lcas${k}\n`
        + `ldr x4, ${keep}\nadd x4, x4, #1\nstr x4, ${keep}\n${skip}`;
    case 'smax': case 'smin': case 'umax': case 'umin': {
      // Kept: the extreme of the operands. Signed ones are widened first.
      const widen = p.fold[0] === 's' ? ({ 1: 'sxtb x1, w1', 2: 'sxth x1, w1', 4: 'sxtw x1, w1', 8: '' })[p.bytes] : '';
      const cond = { smax: 'gt', smin: 'lt', umax: 'hi', umin: 'lo' }[p.fold];
      return `${head}${instruction(p)} ${r}1, ${r}2, [x3]\n${widen}\nldr x4, ${keep}\ncmp x1, x4\ncsel x4, x1, x4, ${cond}\nstr x4, ${keep}\n${skip}`;
    }
    default: return `${head}${instruction(p)} ${r}1, ${r}2, [x3]\nldr x4, ${keep}\n${fold[p.fold]}\nstr x4, ${keep}\n${skip}`;
  }
}

const mask = (bytes: number): bigint => (1n << BigInt(8 * bytes)) - 1n;
/** Start values: at the place, and of what a vCPU keeps. */
const initial = (p: Place): bigint => ({ clr: mask(p.bytes), smin: mask(p.bytes) >> 1n, smax: (mask(p.bytes) >> 1n) + 1n, umin: mask(p.bytes) } as Partial<Record<Fold, bigint>>)[p.fold] ?? 0n;
function initialKeep(p: Place): bigint {
  if (p.fold === 'smin' || p.fold === 'smax') return BigInt.asUintN(64, BigInt.asIntN(8 * p.bytes, initial(p)));
  return p.fold === 'umin' ? mask(p.bytes) : 0n;
}

/** In the guest: x4 = fold of what all vCPUs kept for place k, cut to its size; compared with what is there. */
function verify(p: Place, k: number): string {
  const r = p.bytes === 8 ? 'x' : 'w';
  const combine = { add: 'add x4, x4, x5', cas: 'add x4, x4, x5', eor: 'eor x4, x4, x5', swp: 'eor x4, x4, x5', set: 'orr x4, x4, x5', clr: 'orr x4, x4, x5' } as Partial<Record<Fold, string>>;
  const cond = ({ smax: 'gt', smin: 'lt', umax: 'hi', umin: 'lo' } as Partial<Record<Fold, string>>)[p.fold];
  const cut = p.bytes === 1 ? 'and x4, x4, #0xff' : p.bytes === 2 ? 'and x4, x4, #0xffff' : p.bytes === 4 ? 'mov w4, w4' : '';
  return `
    addr  x6, keep
    mov   x7, x24
    ldr   x4, [x6, #${8 * k}]
    b     2f
1:  ldr   x5, [x6, #${8 * k}]
    ${cond ? `cmp x5, x4\n    csel x4, x5, x4, ${cond}` : combine[p.fold]}
2:  ldr   x8, =KEEP
    add   x6, x6, x8
    subs  x7, x7, #1
    b.ne  1b
    ${p.fold === 'clr' ? 'mvn x4, x4' : p.fold === 'swp' ? 'eor x4, x4, x20' : ''}
    ${cut}
    addr  x3, places
    add   x3, x3, #${p.at}
    ${loadUnsigned(p.bytes)} ${r}5, [x3]
    check_eq ${k + 1}, x4, x5`;
}

/** Places and keeps as data with their start values; swp's tokens are 1, 2, 4, … over the vCPUs, and 0 at the place. */
function lseGuest(name: string, summary: string, shift: number): TortureGuest {
  const all = places(shift), end = Math.max(...all.map((p) => p.at + p.bytes)), image = new Uint8Array(Math.ceil(end / 16) * 16);
  for (const p of all) for (let b = 0; b < p.bytes; b++) image[p.at + b] = Number((initial(p) >> BigInt(8 * b)) & 0xffn);
  return {
    name, summary, lse: true,
    source: String.raw`
.equ KEEP, ${8 * all.length}
// An alignment fault leaves the operation out: on from x18. Only unaligned ones may, and must where there is no FEAT_LSE2.
fault:
    mrs   x2, esr_el1
    ubfx  x3, x2, #26, #6
    cmp   x3, #0x25                     // data abort
    b.ne  rt_unexpected
    and   x2, x2, #0x3f
    cmp   x2, #0x21
    b.ne  rt_unexpected
    ldr   x2, [x1, #144]
    str   x2, [x1, #F_ELR]
    count 0
    ret
// What every vCPU keeps: start values; swp's token is the vCPU's number + 1, cut to a byte.
test_setup:
    addr  x0, fault
    str   x0, [x28, #hooks + 8 * 4 - data]
    addr  x0, keep
    mov   x1, #0
1:  addr  x2, keep_start
    mov   x3, #KEEP
2:  ldr   x4, [x2], #8
    cmn   x4, #2                        // -2 marks a token
    csinc x4, x4, x1, ne
    str   x4, [x0], #8
    subs  x3, x3, #8
    b.ne  2b
    add   x1, x1, #1
    cmp   x1, x24
    b.ne  1b
    ret
test_run:
    str   x30, [sp, #-16]!
    addr  x21, places
    addr  x22, keep
    mov   x0, #KEEP
    madd  x22, x27, x0, x22
next:
    bl    steps
    ops   ${all.length}
    bl    rt_more
    cbnz  w0, next
    mrs   x3, id_aa64mmfr2_el1          // AT, bits 35…32
    ubfx  x3, x3, #32, #4
    cmp   x3, #0
    ldr   x3, [x26, #R_OPS]
    ldr   x4, [x26, #R_COUNT]
    csel  x3, x3, xzr, eq
    ${shift === 0 ? 'mov   x3, #0' : ''}
    check_eq 255, x3, x4
    ldr   x30, [sp], #16
    ret
steps:
${all.map(step).join('')}
    ret
test_check:
    str   x30, [sp, #-16]!
    mov   x20, #0                       // all tokens, folded
    mov   x0, x24
1:  eor   x20, x20, x0
    subs  x0, x0, #1
    b.ne  1b
${all.map(verify).join('')}
    ldr   x30, [sp], #16
    ret
.ltorg
.balign 8
keep_start: .quad ${all.map((p) => (p.fold === 'swp' ? '-2' : `0x${initialKeep(p).toString(16)}`)).join(', ')}
.balign 4096
places: .byte ${[...image].join(', ')}
.balign 4096
keep:   .space KEEP * MAX_CPUS
.balign 4096
`,
    check: (r) => all.flatMap((p, k) => checkPlace(r, p, k, 8 * all.length)),
  };
}

/** The same from outside. */
function checkPlace(r: GuestResult, p: Place, k: number, keepBytes: number): string[] {
  const m = mask(p.bytes), bits = 8 * p.bytes;
  const keeps = r.vcpus.map((_, n) => r.word('keep', n * keepBytes + 8 * k));
  const low = r.word('places', p.at & ~7), high = r.word('places', (p.at & ~7) + 8);
  const got = (((high << 64n) | low) >> BigInt(8 * (p.at & 7))) & m;
  const tokens = r.vcpus.reduce((x, _, n) => x ^ BigInt(n + 1), 0n);
  const extreme = (signed: boolean, most: boolean) => keeps.map((v) => (signed ? BigInt.asIntN(64, v) : v)).reduce((a, b) => ((b > a) === most ? b : a));
  const want = {
    add: () => keeps.reduce((a, b) => a + b), cas: () => keeps.reduce((a, b) => a + b), eor: () => keeps.reduce((a, b) => a ^ b),
    set: () => keeps.reduce((a, b) => a | b), clr: () => ~keeps.reduce((a, b) => a | b), swp: () => keeps.reduce((a, b) => a ^ b) ^ tokens,
    smax: () => extreme(true, true), smin: () => extreme(true, false), umax: () => extreme(false, true), umin: () => extreme(false, false),
  }[p.fold]() & m;
  return got === want ? [] : [`${instruction(p)} of ${bits} bits at offset ${p.at}: 0x${got.toString(16)}, not 0x${want.toString(16)}`];
}

const pairGuest = (name: string, summary: string, add: string, lse: boolean): TortureGuest => ({
  name, summary, lse,
  source: String.raw`
test_setup:
    ret
// A counter of 128 bits that starts just below a carry into its upper half; x21 = the last value this vCPU made.
test_run:
    str   x30, [sp, #-16]!
    addr  x19, counter
    mov   x20, #0
    mov   x21, #0
next:
    mov   x22, #16
1:  bl    increment                     // x0, x1 = before
    cmp   x0, x20
    sbcs  xzr, x1, x21
    b.hs  2f
    fail  1, x20, x0
2:  adds  x20, x0, #1
    adc   x21, x1, xzr
    subs  x22, x22, #1
    b.ne  1b
    ops   16
    bl    rt_more
    cbnz  w0, next
    ldr   x30, [sp], #16
    ret
${add}
test_check:
    str   x30, [sp, #-16]!
    ldr   x3, =START
    mov   x4, #0
    shared x0, result + RESULT_RECORDS
    mov   x1, x24
1:  ldr   x2, [x0, #R_OPS]
    adds  x3, x3, x2
    adc   x4, x4, xzr
    add   x0, x0, #R_BYTES
    subs  x1, x1, #1
    b.ne  1b
    addr  x19, counter
    ldp   x5, x6, [x19]
    check_eq 2, x3, x5
    check_eq 3, x4, x6
    ldr   x30, [sp], #16
    ret
.ltorg
.equ START, 0xffffffffffffffc0
.balign 4096
counter: .quad START, 0
.balign 4096
`,
  check: (r) => {
    const got = r.word('counter') | r.word('counter', 8) << 64n, want = 0xffffffffffffffc0n + r.vcpus.reduce((n, v) => n + v.ops, 0n);
    return got === want ? [] : [`counter ${got}, not ${want}`];
  },
});

/** Values whose four words are equal: a torn one shows. */
const whole: TortureGuest = {
  name: 'lse2-whole',
  lse: false,
  summary: 'pairs of doublewords, pairs of words and unaligned words inside 16 bytes, stored and loaded by all: never torn (FEAT_LSE2)',
  source: String.raw`
test_setup:
    ret
// x20 = quadword for LDP and STP; x21 = doubleword at an odd word for words and their pairs; x22 = word at an odd halfword.
test_run:
    str   x30, [sp, #-16]!
    mrs   x3, id_aa64mmfr2_el1          // AT, bits 35…32
    ubfx  x23, x3, #32, #4
    addr  x20, cells
    add   x21, x20, #16 + 4
    add   x22, x20, #32 + 2
next:
    cbz   x23, 2f                       // no FEAT_LSE2: nothing to see
    mov   x19, #32
1:  random x1
    ubfx  x1, x1, #0, #16
    orr   x1, x1, x1, lsl #16
    orr   x1, x1, x1, lsl #32
    stp   x1, x1, [x20]
    stp   w1, w1, [x21]
    str   w1, [x22]
    ldp   x2, x3, [x20]
    check_eq 1, x2, x3
    ror   x3, x2, #32
    check_eq 2, x2, x3
    ldr   x2, [x21]
    ror   x3, x2, #32
    check_eq 3, x2, x3
    str   x1, [x21]
    ldp   w2, w3, [x21]
    check_eq 4, x2, x3
    ldr   w2, [x22]
    ubfx  w3, w2, #0, #16
    lsr   w2, w2, #16
    check_eq 5, x2, x3
    subs  x19, x19, #1
    b.ne  1b
2:  ops   32
    bl    rt_more
    cbnz  w0, next
    ldr   x30, [sp], #16
    ret
test_check:
    ret
.balign 4096
cells: .space 64
.balign 4096
`,
  check: (r) => {
    const low = r.word('cells'), high = r.word('cells', 8);
    return low === high ? [] : [`the pair is ${low}, ${high}`];
  },
};

const mixed: TortureGuest = {
  name: 'mixed-size',
  lse: true,
  summary: 'one aligned word: bytes stored by their owners, an upper half counted by LDXR and STXR of 64 bits and LDADD of 32',
  source: String.raw`
// Bytes 0…3 belong to vCPUs 0…3, which store to them; everybody counts in the upper half, by turns in two ways.
test_setup:
    ret
test_run:
    str   x30, [sp, #-16]!
    addr  x19, word
    add   x20, x19, #4
    add   x21, x19, x27                 // own byte
    mov   x23, #0
next:
    mov   x22, #32
1:  cmp   x27, #4
    b.hs  2f
    add   x23, x23, #1
    strb  w23, [x21]
2:  tbz   x22, #0, 4f
    mov   x4, #1 << 32
3:  ldxr  x0, [x19]
    add   x1, x0, x4
    stxr  w2, x1, [x19]
    cbnz  w2, 3b
    b     5f
4:  mov   w0, #1
    ldadd w0, w1, [x20]
5:  cmp   x27, #4
    b.hs  6f
    ldrb  w0, [x21]                     // nobody brought an older one back
    and   x1, x23, #0xff
    check_eq 1, x1, x0
    ldr   w0, [x19]
    lsl   x2, x27, #3
    lsr   w0, w0, w2
    and   x0, x0, #0xff
    check_eq 2, x1, x0
6:  subs  x22, x22, #1
    b.ne  1b
    ops   32
    bl    rt_more
    cbnz  w0, next
    ldr   x30, [sp], #16
    ret
test_check:
    str   x30, [sp, #-16]!
    shared x0, result + RESULT_RECORDS
    mov   x1, x24
    mov   x3, #0
1:  ldr   x2, [x0, #R_OPS]
    add   w3, w3, w2
    add   x0, x0, #R_BYTES
    subs  x1, x1, #1
    b.ne  1b
    addr  x19, word
    ldr   w4, [x19, #4]
    check_eq 3, x3, x4
    ldr   x30, [sp], #16
    ret
.ltorg
.balign 4096
word: .quad 0
.balign 4096
`,
  check: (r) => {
    const got = r.word('word') >> 32n, want = r.vcpus.reduce((n, v) => n + v.ops, 0n) & 0xffffffffn;
    return got === want ? [] : [`upper half ${got}, not ${want}`];
  },
};

export const atomicGuests: readonly TortureGuest[] = [
  lseGuest('lse', 'every LSE operation in every size, neighbours in one 16 bytes, folded over all operands', 0),
  lseGuest('lse-unaligned', 'the same at odd offsets inside 16 bytes: each faults and changes nothing, or is atomic (FEAT_LSE2)', 3),
  pairGuest('casp', '128-bit counter by CASPAL', String.raw`
increment:
    ldp   x0, x1, [x19]
1:  mov   x4, x0
    mov   x5, x1
    adds  x2, x0, #1
    adc   x3, x1, xzr
    caspal x0, x1, x2, x3, [x19]
    cmp   x0, x4
    ccmp  x1, x5, #0, eq
    b.ne  1b
    ret`, true),
  pairGuest('ldxp', '128-bit counter by LDAXP and STLXP', String.raw`
increment:
1:  ldaxp x0, x1, [x19]
    adds  x2, x0, #1
    adc   x3, x1, xzr
    stlxp w4, x2, x3, [x19]
    cbnz  w4, 1b
    ret`, false),
  whole,
  mixed,
];
