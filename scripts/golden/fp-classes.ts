// The encoding classes of FP and SIMD data processing that run on operand sets, and what of QEMU 7.2's results the architecture has otherwise.
import type { DecodeRow } from '../../src/tcg/decode.ts';
import { a64Decoder } from '../../src/target/arm/translate/index.ts';
import { fpRows } from '../../src/target/arm/translate/fp.ts';
import { simdRows } from '../../src/target/arm/translate/simd.ts';
import { OUT, SET, SETS, type WordRun } from '../../test/support/fp-sets.ts';
import { isAllocated } from './a64-classes.ts';

export const fpClasses: readonly DecodeRow<any>[] = [...fpRows, ...simdRows];

const decoder = a64Decoder();
/** Whether a word is an allocated one of that row, not of a more specific one. */
export const isOfRow = (row: DecodeRow<any>) => (word: number): boolean => decoder.match(word) === row && isAllocated(word);

/** Rows where QEMU 7.2 leaves the architecture: why, and how its result becomes the Arm ARM's. */
export const ARM_DECIDES: Readonly<Record<string, { readonly why: string; fix(result: DataView, set: DataView, word: number, fpcr: number): void }>> = {
  FCVTZS_fixed_h_s: {
    why: 'QEMU leaves copies of the sign above the halfword result; a scalar result is zero-extended (Arm ARM, V[])',
    fix(d) { d.setUint16(OUT.v0 + 2, 0, true); d.setUint32(OUT.v0 + 4, 0, true); d.setBigUint64(OUT.v0 + 8, 0n, true); },
  },
  FJCVTZS: {
    why: 'QEMU sets Z for a positive denormal that FPCR.FZ flushes; it is no exact integer (Arm ARM, FPToFixedJS)',
    fix(d, set, word, fpcr) {
      const x = set.getBigUint64(SET.v + 16 * (word >> 5 & 31), true);
      if (fpcr & 1 << 24 && x !== 0n && x >> 52n === 0n) d.setUint32(OUT.nzcv, 0, true);
    },
  },
};

/** QEMU's results of a run as the architecture has them. */
export function corrected(row: DecodeRow<any>, { word, fpcrs, sets }: WordRun, results: Uint8Array): Uint8Array {
  const arm = ARM_DECIDES[row.name];
  if (!arm) return results;
  const out = results.slice();
  for (let i = 0; i < out.length / OUT.size; i++) {
    arm.fix(new DataView(out.buffer, i * OUT.size, OUT.size), new DataView(sets.buffer, sets.byteOffset + i * SET.size, SET.size), word, fpcrs[Math.floor(i / SETS)]);
  }
  return out;
}
