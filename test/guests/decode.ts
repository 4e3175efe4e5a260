// Guest that runs one instruction word after another at EL0 and writes the exception class each ends with, two digits a word.
import { isAllocated } from '../../scripts/golden/a64-classes.ts';
import { compilePattern } from '../../src/tcg/decode.ts';
import { integerGroups } from '../../src/target/arm/translate/index.ts';
import { fpRows } from '../../src/target/arm/translate/fp.ts';
import { simdLdstRows } from '../../src/target/arm/translate/simd-ldst.ts';
import { simdRows } from '../../src/target/arm/translate/simd.ts';
import { systemRows } from '../../src/target/arm/translate/system.ts';
import { Rng } from '../support/a64-vectors.ts';
import { guestImage, vectorTable } from './runtime.ts';

/** Words of a row, as many with one fixed bit flipped, words of each major group, words drawn from all. */
const PER_ROW = 3, PER_GROUP = 250, ANYWHERE = 1500;

/** Branches to anywhere near, and loads from below RAM: they end differently wherever they lead. */
const leadsAnywhere = (w: number): boolean => (w & 0x7c000000) === 0x14000000 || (w & 0x7e000000) === 0x34000000 || (w & 0x7e000000) === 0x36000000
  || (w & 0xff000010) === 0x54000000 || (w & 0x3b800000) === 0x18800000;

/** QEMU 7.2 aborts on reserved opcodes of half-precision two-register miscellaneous. */
const abortsQemu = (w: number): boolean => (w & 0x8f7e0c00) === 0x0e780800 && !isAllocated(w);

/** The same words on every call. */
export function decodeWords(): number[] {
  const r = new Rng(7), out: number[] = [];
  for (const row of [...Object.values(integerGroups).flat(), ...systemRows, ...fpRows, ...simdRows, ...simdLdstRows]) {
    const { mask, value } = compilePattern(row.pattern);
    for (let k = 0; k < PER_ROW; k++) {
      const w = (r.next() & ~mask) | value;
      let bit: number;
      do bit = 1 << r.below(32); while (!(mask & bit));
      out.push(w, w ^ bit);
    }
  }
  for (let group = 0; group < 16; group++) for (let k = 0; k < PER_GROUP; k++) out.push((r.next() & ~(15 << 25)) | group << 25);
  for (let k = 0; k < ANYWHERE; k++) out.push(r.next());
  return out.filter((w) => !leadsAnywhere(w) && !abortsQemu(w));
}

/** Where every register points: nothing is there, nor at small multiples. */
const NOWHERE = '0x10000100000';
const RESULTS = 0x42000000;

const SOURCE = (count: number) => `
main:
    ldr   x0, =0x30d00838                 // WFI and WFE trap
    msr   sctlr_el1, x0
    isb
    ldr   x0, =image_end
    msr   tpidr_el1, x0
    ldr   x0, =${RESULTS}
    mov   sp, x0
next:
    mrs   x0, tpidr_el1
    ldr   x1, =image_end + ${8 * count}
    cmp   x0, x1
    b.eq  finished
    msr   elr_el1, x0
    mov   x0, #0x3c0
    msr   spsr_el1, x0
    msr   fpcr, xzr
    msr   cntkctl_el1, xzr
    clrex
    ldr   x0, =${NOWHERE}
    msr   sp_el0, x0
${Array.from({ length: 30 }, (_, n) => `    mov   x${n + 1}, x0`).join('\n')}
    eret
taken:
    mrs   x0, esr_el1
    lsr   x0, x0, #26
    mov   x1, sp
    strb  w0, [x1], #1
    mov   sp, x1
    mrs   x0, tpidr_el1
    add   x0, x0, #8
    msr   tpidr_el1, x0
    b     next
finished:
    ldr   x20, =${RESULTS}
    ldr   x21, =${RESULTS + count}
1:  cmp   x20, x21
    b.eq  power_off
    ldrb  w0, [x20], #1
    mov   w3, #2
    bl    puthexn
    b     1b
${vectorTable((n) => (n === 8 ? '    b     taken' : '    b     power_off'))}
`;

/** The image: each word is followed by an SVC. */
export function decodeGuest(): Uint8Array {
  const words = decodeWords();
  return guestImage(SOURCE(words.length), () => Uint32Array.from(words.flatMap((w) => [w >>> 0, 0xd4000001])));
}
