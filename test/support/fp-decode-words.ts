// Words of the FP and SIMD encoding space whose allocation is checked: near every decode row, and any.
import { compilePattern } from '../../src/tcg/decode.ts';
import { fpRows } from '../../src/target/arm/translate/fp.ts';
import { simdLdstRows } from '../../src/target/arm/translate/simd-ldst.ts';
import { simdRows } from '../../src/target/arm/translate/simd.ts';
import { Rng } from './a64-vectors.ts';

/** Words of a row, as many with one fixed bit flipped, and words drawn from the whole space. */
const PER_ROW = 8, ANYWHERE = 8000;

/** Scalar FP and Advanced SIMD, or loads and stores of their registers; memory copies (FEAT_MOPS) lie among these. */
const isInSpace = (w: number): boolean => (w & 0x0e000000) === 0x0e000000 || ((w & 0x0e000000) === 0x0c000000 && (w & 0x3f000000) !== 0x1d000000);

/** The same words on every call. */
export function fpDecodeWords(): number[] {
  const r = new Rng(4), out: number[] = [];
  for (const row of [...fpRows, ...simdRows, ...simdLdstRows]) {
    const { mask, value } = compilePattern(row.pattern);
    for (let k = 0; k < PER_ROW; k++) {
      const w = (r.next() & ~mask) | value;
      let bit: number;
      do bit = 1 << r.below(32); while (!(mask & bit));
      out.push(w, w ^ bit);
    }
  }
  for (let i = 0; i < ANYWHERE; i++) out.push((r.next() & ~0x0e000000) | (r.below(4) ? 0x0e000000 : 0x0c000000));
  return out.filter(isInSpace);
}
/** Where GNU objdump is wrong: it takes FMLAL and its kin with the reserved size bit. */
export const isObjdumpMistake = (w: number): boolean => (w & 0x9f60dc00 & ~0x20000000) === (0x0e60cc00 & 0x9f60dc00 & ~0x20000000);
