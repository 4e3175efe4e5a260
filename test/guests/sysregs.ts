// Guest that tries system register encodings: which exist at EL1 and EL0, what they read, which bits can be written.
import { guestImage, GUEST_BASE, vectorTable } from './runtime.ts';

/** op0 (2 bits), op1, CRn, CRm, op2 as the instruction holds them from bit 5 up. */
export const sysKey = (op0: number, op1: number, crn: number, crm: number, op2: number): number => (op0 << 14) | (op1 << 11) | (crn << 7) | (crm << 3) | op2;

/**
 * Passes, in the order they run. One output line each: pass letter, key (4 hex digits), then what the pass says:
 * R: value read at EL1, or ! and ESR when the trap is not an UNDEFINED one. M: initial value, value after writing ones,
 * after writing zeros. W: written 0 at EL1. r, w: the same at EL0 with the controls as reset leaves them (ESR after !).
 * s, x: r and w with every EL0 control open. S: SYS at EL1. y, z: SYS at EL0 closed and open.
 * Encodings that are UNDEFINED give no line.
 */
export const PASSES = { read: 'R', mask: 'M', write: 'W', read0: 'r', write0: 'w', readOpen: 's', writeOpen: 'x', sys: 'S', sys0: 'y', sysOpen: 'z' } as const;

const BL = (from: number, to: number): number => (0x94000000 | (((to - from) >> 2) & 0x3ffffff)) >>> 0;
const mrs = (key: number, rt: number): number => (0xd5200000 | (key << 5) | rt) >>> 0;
const msr = (key: number, rt: number): number => (0xd5000000 | (key << 5) | rt) >>> 0;

const SOURCE = (base: Readonly<Record<string, number>>) => String.raw`
// x19 = address of the next key, x20 = ESR of a fault or 0, x23 = pass letter, x24 = where EL0 goes on at EL1 after SVC
// x25 = 1: print a value, 2: three; x15 = 1 at EL1
main:
    mov   x29, x30
    mrs   x28, sctlr_el1
${(['read', 'mask', 'write', 'sys'] as const).map((t) => `
    ldr   x19, =${base[`${t}Keys`]}
    mov   x20, #0
    mov   w23, #'${PASSES[t]}'
    mov   x25, #${t === 'read' ? 1 : t === 'mask' ? 2 : 0}
    ldr   x9, =${base[t]}
    ldr   x0, =scratch
    mov   x15, #1
    adr   x24, 1f
    br    x9
1:`).join('\n')}
    mov   x27, #0
el0:
${(['read', 'write', 'sys'] as const).map((t) => `
    ldr   x19, =${base[`${t}Keys`]}
    mov   x20, #0
    cbnz  x27, 2f
    mov   w23, #'${PASSES[`${t}0`]}'
    b     3f
2:  mov   w23, #'${PASSES[`${t}Open`]}'
3:  mov   x25, #0
    ldr   x9, =${base[t]}
    ldr   x0, =scratch
    mov   x15, #0
    msr   elr_el1, x9
    mov   x9, #0x3c0
    msr   spsr_el1, x9
    adr   x24, 1f
    eret
1:`).join('\n')}
    cbnz  x27, 4f
    mov   x27, #1
    bl    open_controls
    b     el0
4:  ret   x29

// What a write of 0 may have broken.
restore:
    adr   x0, vectors
    msr   vbar_el1, x0
    msr   sctlr_el1, x28
    mov   x0, #(3 << 20)
    msr   cpacr_el1, x0
    msr   mdscr_el1, xzr
    msr   daifset, #15
    msr   spsel, #1
    isb
    ret
open_controls:
    ldr   x0, =0x0400c200             // UCI, UCT, DZE, UMA
    orr   x28, x28, x0
    mov   x0, #0x303
    msr   cntkctl_el1, x0
    mov   x0, #0xf
    msr   pmuserenr_el0, x0
    b     restore

// Called after each try; at EL0 and EL1.
got:
    mov   x26, x30
    cmp   x25, #2
    csel  x21, x11, x0, eq
    ldr   w22, [x19], #4
    cbz   x20, 1f
    lsr   x0, x20, #26
    cbz   x0, 9f                      // UNDEFINED
1:  mov   w0, w23
    bl    putc
    bl    space
    mov   w0, w22
    mov   w3, #4
    bl    puthexn
    cbz   x20, 2f
    bl    space
    mov   w0, #'!'
    bl    putc
    mov   x0, x20
    mov   w3, #8
    bl    puthexn
    b     8f
2:  cbz   x25, 8f
    bl    space
    mov   x0, x21
    bl    puthex
    cmp   x25, #2
    b.ne  8f
    bl    space
    mov   x0, x12
    bl    puthex
    bl    space
    mov   x0, x13
    bl    puthex
8:  bl    newline
9:  mov   x20, #0
    ldr   x0, =scratch
    mov   x30, x26
    ret
// The same after a write: at EL1 puts back what it may have changed.
got_restore:
    cbz   x15, got
    mov   x17, x30
    bl    restore
    bl    got
    ret   x17
// x20 = ESR; an SVC ends a table.
${vectorTable((n) => (n % 4 === 0 ? `
    mrs   x20, esr_el1
    lsr   x18, x20, #26
    cmp   x18, #0x15
    b.eq  svc_taken
    mrs   x18, elr_el1
    add   x18, x18, #4
    msr   elr_el1, x18
    eret` : 'eret'))}
.balign 4
svc_taken:
    mov   x20, #0
    br    x24
.balign 64
scratch: .space 64
`;

/** Image that tries `keys`; MSR and MRS for op0 ≥ 2, SYS for op0 = 1. `masks`: registers whose writable bits are found out. */
export function sysregGuest(keys: readonly number[], masks: readonly number[]): Uint8Array {
  const regs = keys.filter((k) => k >> 14 >= 2), sys = keys.filter((k) => k >> 14 === 1);
  // Laid out behind the runtime at fixed offsets: 64 KiB are more than enough for it.
  const start = GUEST_BASE + 0x10000;
  const sizes = { read: regs.length * 2 + 1, mask: masks.length * 8 + 1, write: regs.length * 2 + 1, sys: sys.length * 2 + 1 };
  const base: Record<string, number> = {};
  let at = start;
  for (const [name, words] of Object.entries(sizes)) { base[name] = at; at += 4 * words; }
  const keyTable = { read: regs, mask: masks, write: regs, sys };
  for (const name of Object.keys(sizes)) { base[`${name}Keys`] = at; at += 4 * keyTable[name as keyof typeof keyTable].length; }
  return guestImage(SOURCE(base), (symbols) => {
    const end = Number(symbols.get('image_end')!), got = Number(symbols.get('got')!), restoring = Number(symbols.get('got_restore')!);
    const words = new Uint32Array((at - end) / 4);
    let w = (start - end) / 4;
    const put = (...v: number[]) => { for (const x of v) words[w++] = x; };
    const here = () => end + 4 * w;
    const SVC = 0xd4000001;
    const finish = () => put(SVC);
    for (const k of regs) put(mrs(k, 0), BL(here() + 4, got));
    finish();
    for (const k of masks) {
      // x11 = old value, x12 = after ones, x13 = after zeros
      put(mrs(k, 11), 0x9280000a /* mov x10, #-1 */, msr(k, 10), mrs(k, 12), msr(k, 31), mrs(k, 13), msr(k, 11), BL(here() + 28, got));
    }
    finish();
    for (const k of regs) put(msr(k, 31), BL(here() + 4, restoring));
    finish();
    for (const k of sys) put(msr(k, 0), BL(here() + 4, got));
    finish();
    for (const list of [regs, masks, regs, sys]) put(...list);
    return words;
  });
}
