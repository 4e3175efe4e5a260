// Guest that walks random page tables: AT results, then loads, stores and fetches at EL1 and EL0 with their faults.
import { guestImage, vectorTable } from './runtime.ts';
import { scenario, SCRATCH, SCRATCH_BYTES, type MmuFeatures, type Scenario } from './mmu-scenarios.ts';

/** The guest's own half: 39 bits, 4 KiB pages; code read-only and executable, everything else of RAM read-write. */
const HOME_L1 = 0x43000000, HOME_L2 = 0x43001000, RESULTS = 0x43100000;
const HIGH = 0xffffff8000000000n;
const HOME_TCR = 25n | 25n << 16n | 2n << 30n | 1n << 23n;

/** Accesses after the AT instructions: code with x9 = address, x10 = value; letters of the output. */
const ACCESSES = ['ldr x11, [x9]', 'str x10, [x9]', 'ldtr x11, [x9]', 'sttr x10, [x9]'];

const SOURCE = (at: readonly string[], accesses: readonly string[], pstate: boolean, count: number) => String.raw`
// x28 = scenario, x18 = offset of the half the guest runs in, x27 = next result, x26 = addresses left
main:
    mov   x29, x30
    // Every word of the scratch memory is SVC #1.
    ldr   x0, =${SCRATCH}
    ldr   x10, =0xd4000021d4000021
    ldr   x2, =${SCRATCH_BYTES}
1:  str   x10, [x0], #8
    subs  x2, x2, #8
    b.ne  1b
    // The guest's tables.
    ldr   x0, =${HOME_L1}
    ldr   x1, =${HOME_L2 + 3}
    str   x1, [x0, #8]
    ldr   x0, =${HOME_L2}
    ldr   x1, =0x4000048d                 // read-only, AF, attribute 3; bits 9…8 are address bits with TCR_EL1.DS
    str   x1, [x0]
    ldr   x1, =0x0060000042000000 | 0x40d
    ldr   x2, =0x200000
    add   x0, x0, #16 * 8
    mov   x3, #24
2:  str   x1, [x0], #8
    add   x1, x1, x2
    subs  x3, x3, #1
    b.ne  2b
    ldr   x28, =scenarios
    mov   x25, #0
next:
    ldr   x0, =${count}
    cmp   x25, x0
    b.eq  end
    // Tables of the scenario.
    ldr   x1, [x28, #56]
    add   x0, x28, #72
3:  cbz   x1, 4f
    ldp   x2, x3, [x0], #16
    str   x3, [x2]
    sub   x1, x1, #1
    b     3b
4:  mov   x19, x0                         // addresses
    ldr   x26, [x28, #64]
    ldr   x27, =${RESULTS}
    ldr   x0, [x28, #16]
    msr   mair_el1, x0
    ldr   x0, =${HOME_L1}
    msr   ttbr0_el1, x0
    msr   ttbr1_el1, x0
    ldr   x0, =${HOME_TCR & ~(1n << 23n)}
    msr   tcr_el1, x0
    dsb   sy
    tlbi  vmalle1
    dsb   sy
    isb
    ldr   x21, =0x30d50839
    ldr   x0, [x28, #8]
    orr   x21, x21, x0
    msr   sctlr_el1, x21
    isb
    ldr   x0, [x28]
    cbnz  x0, 5f
    // Lower half under test: go to the upper one.
    ldr   x18, =${HIGH}
    adr   x0, 6f
    add   x0, x0, x18
    br    x0
5:  mov   x18, #0
6:  adr   x0, vectors
    msr   vbar_el1, x0
    add   x28, x28, x18
    add   x27, x27, x18
    add   x19, x19, x18
    ldr   x1, [x28, #24]
    ldr   x0, [x28]
    cbnz  x0, 7f
    msr   ttbr0_el1, x1
    b     8f
7:  msr   ttbr1_el1, x1
8:  ldr   x0, [x28, #32]
    msr   tcr_el1, x0
    isb
    tlbi  vmalle1
    dsb   sy
    isb
${pstate ? `
    ldr   x0, [x28, #40]
    cbz   x0, 9f
    msr   pan, #1
9:  ldr   x0, [x28, #48]
    cbz   x0, 9f
    msr   uao, #1
9:` : ''}
    ldr   x10, =0xd4000021d4000021
address:
    ldr   x9, [x19], #8
    str   x9, [x27], #8
    mov   x23, #0
    msr   par_el1, xzr
${at.map((op) => `
    at    ${op}, x9
    isb
    mrs   x0, par_el1
    str   x0, [x27], #8`).join('')}
    mov   x22, #0
    mov   x17, #0
${accesses.map((insn) => `
    mov   x20, #0
    ${insn}
    bl    result`).join('')}
    // Fetches: x24 = where to go on, whatever happens.
    mov   x23, #1
    mov   x20, #0
    adr   x24, 1f
    br    x9
1:  bl    result
    mov   x20, #0
    adr   x24, 1f
    mov   x0, #0x3c0
    msr   spsr_el1, x0
    msr   elr_el1, x9
    eret
1:  bl    result
    subs  x26, x26, #1
    b.ne  address
${pstate ? '    msr   pan, #0\n    msr   uao, #0' : ''}
    // Back to the guest's tables in both halves, then to the lower one, MMU off.
    ldr   x1, =${HOME_L1}
    ldr   x0, =${HOME_TCR & ~(1n << 23n)}
    msr   ttbr0_el1, x1
    msr   ttbr1_el1, x1
    msr   tcr_el1, x0
    isb
    tlbi  vmalle1
    dsb   sy
    isb
    sub   x28, x28, x18
    sub   x27, x27, x18
    adr   x0, 1f
    sub   x0, x0, x18
    br    x0
1:  ldr   x0, =0x30d50838
    msr   sctlr_el1, x0
    isb
    b     print

// x20 = ESR or 0, x22 = FAR, x17 = vector
result:
    str   x20, [x27], #8
    str   x22, [x27], #8
    str   x17, [x27], #8
    mov   x22, #0
    mov   x17, #0
    ret

print:
    mov   x0, x25
    mov   w3, #4
    bl    puthexn
    bl    newline
    ldr   x19, =${RESULTS}
1:  cmp   x19, x27
    b.eq  3f
    mov   w24, #${at.length + 1}
    ldr   x26, [x19]                      // address
2:  ldr   x0, [x19], #8
    bl    puthex
    bl    space
    subs  w24, w24, #1
    b.ne  2b
    mov   w24, #${accesses.length + 2}
4:  ldr   x0, [x19], #8
    cbnz  x0, 5f
    mov   w0, #'-'
    bl    putc
    add   x19, x19, #16
    b     7f
5:  mov   w3, #8
    bl    puthexn
    mov   w0, #':'
    bl    putc
    ldr   x0, [x19], #8
    cmp   x0, x26
    b.ne  8f
    mov   w0, #'='
    bl    putc
    b     6f
8:  bl    puthex
6:  mov   w0, #':'
    bl    putc
    ldr   x0, [x19], #8
    mov   w3, #1
    bl    puthexn
7:  bl    space
    subs  w24, w24, #1
    b.ne  4b
    bl    newline
    b     1b
    // Descriptors the hardware changed; then all are cleared.
3:  ldr   x26, [x28, #56]
    add   x19, x28, #72
1:  cbz   x26, 2f
    ldp   x23, x24, [x19], #16
    ldr   x22, [x23]
    str   xzr, [x23]
    sub   x26, x26, #1
    cmp   x22, x24
    b.eq  1b
    mov   x0, x23
    bl    puthex
    bl    space
    mov   x0, x24
    bl    puthex
    bl    space
    mov   x0, x22
    bl    puthex
    bl    newline
    b     1b
2:  ldr   x0, [x28, #64]
    add   x28, x19, x0, lsl #3
    add   x25, x25, #1
    b     next
end:
    ret   x29

${vectorTable((n) => `
    mov   x17, #${n}
    mrs   x20, esr_el1
    mrs   x22, far_el1
    b     taken`)}
.balign 4
taken:
    lsr   x0, x20, #26
    cmp   x0, #0x15
    csel  x22, xzr, x22, eq               // SVC leaves FAR
    cbz   x23, 1f
    msr   elr_el1, x24
    mrs   x0, spsr_el1
    mov   x1, #0x3c5
    and   x0, x0, #0xc00000               // PAN and UAO go on
    orr   x0, x0, x1
    msr   spsr_el1, x0
    eret
1:  mrs   x0, elr_el1
    add   x0, x0, #4
    msr   elr_el1, x0
    eret
.balign 8
.ltorg
.balign 8
scenarios:
`;

const quads = (s: Scenario): bigint[] => {
  const home = s.half === 0 ? (25n << 16n) | 2n << 30n : 25n;
  return [
    BigInt(s.half), s.sctlr, s.mair, s.ttbr, s.tcr | home, BigInt(s.pan), BigInt(s.uao), BigInt(s.writes.length), BigInt(s.vas.length),
    ...s.writes.flatMap(([at, v]) => [BigInt(at), v]), ...s.vas,
  ];
};

const MODELS: Readonly<Record<string, { features: MmuFeatures; granules: readonly number[] }>> = {
  'cortex-a72': { features: { pan: false, hafdbs: false, hpds: false, max: false, paBits: 44 }, granules: [0, 0, 2] },
  'neoverse-n1': { features: { pan: true, hafdbs: true, hpds: true, max: false, paBits: 48 }, granules: [0, 0, 1, 2] },
  max: { features: { pan: true, hafdbs: true, hpds: true, max: true, paBits: 52 }, granules: [0, 0, 1, 2] },
};
export const MMU_MODELS = Object.keys(MODELS);

/** `count` regimes from `seed` on. */
export function mmuGuest(model: string, seed = 1, count = 48): Uint8Array {
  const { features, granules } = MODELS[model];
  const data = Array.from({ length: count }, (_, n) => scenario(seed * 1000 + n, features, granules)).flatMap(quads);
  const text = data.map((v) => `.quad 0x${BigInt.asUintN(64, v).toString(16)}`).join('\n');
  const at = ['s1e1r', 's1e1w', 's1e0r', 's1e0w', ...(features.pan ? ['s1e1rp', 's1e1wp'] : [])];
  const accesses = [...ACCESSES, ...(features.pan ? ['ldadd xzr, x11, [x9]'] : [])];

  return guestImage(`${SOURCE(at, accesses, features.pan, count)}\n${text}\n`);
}
