// A guest of two vCPUs in which the first holds each kind of lock for a known time while the second waits for it.
import { assemble } from '../../src/asm/index.ts';
import { GUEST_BASE } from './runtime.ts';

/** What it waits on: label of the lock, of the function that waits, of the one that called it. */
export const CONTENDED_LOCKS = ['llsc', 'wfe', 'ticket', 'cas', 'swp', 'bit'].map((name) => ({ lock: `lock_${name}`, waiter: `take_${name}`, caller: `work_${name}` }));
/** How long each is held, ms. */
export const HELD_MS = 50;

/** Calls `take_NAME` with x0 = lock from a function with a frame; the first vCPU frees it by storing 0, the ticket lock by 1. */
const phase = ({ lock, waiter, caller }: (typeof CONTENDED_LOCKS)[number], n: number): string => `
${caller}:
    stp   x29, x30, [sp, #-16]!
    mov   x29, sp
    adr   x0, ${lock}
    adr   x10, tries
    mov   w9, #0
    bl    ${waiter}
    ldp   x29, x30, [sp], #16
    ret
hold_${n}:
    mov   w2, #${n}
    adr   x1, ready
3:  ldr   w3, [x1]
    cmp   w3, w2
    b.ne  3b
    adr   x0, ${lock}
    mov   w1, #${lock === 'lock_ticket' ? 0 : 1}
    stlr  w1, [x0]
    adr   x5, tries
    str   wzr, [x5]
    adr   x1, go
    stlr  w2, [x1]
    // The time counts from when the other one is known to wait.
4:  ldr   w3, [x5]
    cmp   w3, #${lock === 'lock_wfe' ? 1 : 5}
    b.lo  4b
    mrs   x3, cntfrq_el0
    mov   x4, #${1000 / HELD_MS}
    udiv  x3, x3, x4
    mrs   x4, cntvct_el0
    add   x3, x3, x4
1:  isb
    mrs   x4, cntvct_el0
    cmp   x4, x3
    b.lo  1b
    mov   w1, #${lock === 'lock_ticket' ? 1 : 0}
    stlr  w1, [x0]
    adr   x1, done
2:  ldr   w3, [x1]
    cmp   w3, w2
    b.ne  2b
    ret
`;

const SOURCE = `
.macro tried
    add   w9, w9, #1
    str   w9, [x10]
.endm
_start:
    adr   x0, stack0
    mov   sp, x0
    ldr   x0, =0xc4000003
    mov   x1, #1
    adr   x2, secondary
    hvc   #0
${CONTENDED_LOCKS.map((_, n) => `    bl    hold_${n + 1}`).join('\n')}
    ldr   x0, =0x84000008
    hvc   #0
    b     .
secondary:
    adr   x0, stack1
    mov   sp, x0
    mov   x29, #0
${CONTENDED_LOCKS.map((c, n) => `    mov   w20, #${n + 1}
    adr   x1, ready
    str   w20, [x1]
    adr   x1, go
1:  ldr   w3, [x1]
    cmp   w3, w20
    b.ne  1b
    bl    ${c.caller}
    adr   x1, done
    str   w20, [x1]`).join('\n')}
    wfi
    b     .

take_llsc:
1:  ldaxr w1, [x0]
    cbz   w1, 2f
    tried
    b     1b
2:  mov   w1, #1
    stxr  w2, w1, [x0]
    cbnz  w2, 1b
    ret
take_wfe:
    sevl
1:  wfe
2:  ldaxr w1, [x0]
    cbz   w1, 3f
    tried
    b     1b
3:  mov   w1, #1
    stxr  w2, w1, [x0]
    cbnz  w2, 2b
    ret
take_ticket:
1:  ldar  w1, [x0]
    cmp   w1, #1
    b.eq  2f
    tried
    yield
    b     1b
2:  ldadd w1, w2, [x0]
    ret
take_cas:
    mov   w2, #1
1:  mov   w1, #0
    casa  w1, w2, [x0]
    tried
    cbnz  w1, 1b
    ret
take_swp:
    mov   w2, #1
1:  swpa  w2, w1, [x0]
    tried
    cbnz  w1, 1b
    ret
take_bit:
    mov   w2, #1
1:  ldseta w2, w1, [x0]
    tried
    tbnz  w1, #0, 1b
    ret
${CONTENDED_LOCKS.map((c, n) => phase(c, n + 1)).join('')}
// Not on a page with code.
.balign 4096
go:   .quad 0
.balign 64
done: .quad 0
.balign 64
ready: .quad 0
.balign 64
tries: .quad 0
${CONTENDED_LOCKS.map(({ lock }) => `.balign 64\n${lock}: .quad 0`).join('\n')}
.balign 4096
.space 4096
stack0:
.space 4096
stack1:
`;

/** The flat image, and a System.map of it. */
export function contendedGuest(): { image: Uint8Array; map: string } {
  const { code, symbols } = assemble(SOURCE, { base: GUEST_BASE });
  const map = [...symbols].map(([name, at]) => `${at.toString(16).padStart(16, '0')} ${name.startsWith('lock_') ? 'D' : 'T'} ${name}\n`).join('');
  return { image: code, map };
}
