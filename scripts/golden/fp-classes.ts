// The encoding classes of FP and SIMD data processing that run on operand sets, and what of QEMU 7.2's results the architecture has otherwise.
import type { DecodeRow } from '../../src/tcg/decode.ts';
import { a64Decoder } from '../../src/target/arm/translate/index.ts';
import { fpRows } from '../../src/target/arm/translate/fp.ts';
import { simdRows } from '../../src/target/arm/translate/simd.ts';
import { OUT } from '../../test/support/fp-sets.ts';
import { isAllocated } from './a64-classes.ts';

export const fpClasses: readonly DecodeRow<any>[] = [...fpRows, ...simdRows];

const decoder = a64Decoder();
/** Whether a word is an allocated one of that row, not of a more specific one. */
export const isOfRow = (row: DecodeRow<any>) => (word: number): boolean => decoder.match(word) === row && isAllocated(word);

/** Rows where QEMU 7.2 leaves the architecture: why, and how its result becomes the Arm ARM's. */
export const ARM_DECIDES: Readonly<Record<string, { why: string; fix(result: DataView): void }>> = {
  FCVTZS_fixed_h_s: {
    why: 'QEMU leaves copies of the sign above the halfword result; a scalar result is zero-extended (Arm ARM, V[])',
    fix: (d) => { d.setUint16(OUT.v0 + 2, 0, true); d.setUint32(OUT.v0 + 4, 0, true); d.setBigUint64(OUT.v0 + 8, 0n, true); },
  },
};

/** QEMU's results as the architecture has them. */
export function corrected(row: DecodeRow<any>, results: Uint8Array): Uint8Array {
  const fix = ARM_DECIDES[row.name]?.fix;
  if (!fix) return results;
  const out = results.slice();
  for (let at = 0; at < out.length; at += OUT.size) fix(new DataView(out.buffer, at, OUT.size));
  return out;
}
