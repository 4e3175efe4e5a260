// Shared by the Advanced SIMD translators: register views by width, helper calls, permutations, the row of a table.
import type { Temp } from '../../../tcg/types.ts';
import { andVec, indexConst, insertVec, shuffleVec, swizzleVec, zext64Vec } from '../../../tcg/vec-gen.ts';
import { constVec, expandImm, helper, PREC, type S } from './fp-common.ts';

/** Bits of a vector operand: 64 or 128 by Q, or those of one scalar element. */
export const widthOf = (q: number): number => (q ? 128 : 64);
export const elementBits = (size: number): number => 8 << size;

/** Vn with what lies above `bits` cleared: operands of helpers that set flags. */
export function cleared(s: S, n: number, bits: number): Temp {
  if (bits === 128) return s.g.v[n];
  const t = s.tcg.vec();
  andVec(s.tcg, t, s.g.v[n], (1n << BigInt(bits)) - 1n);
  return t;
}
/** Vn as an operand of FP helpers: 1.0 in the lanes above 64 bits, so that no flag comes from them. */
export function fpOperand(s: S, n: number, q: number, size: number): Temp { return q ? s.g.v[n] : padOnes(s, s.g.v[n], size); }
export function padOnes(s: S, v: Temp, size: number): Temp {
  const one = expandImm(0x70, size), t = s.tcg.vec();
  let pad = 0n;
  for (let at = 0; at < 64; at += elementBits(size)) pad |= one << BigInt(at);
  insertVec(s.tcg, 3, t, v, pad, 1);
  return t;
}

/** Calls `body` with the destination and clears it above `bits` afterwards. `body` writes it last. */
export function withDest(s: S, rd: number, bits: number, body: (d: Temp) => void): void {
  if (bits === 128) { body(s.g.v[rd]); return; }
  const t = s.tcg.vec();
  body(t);
  if (bits === 64) zext64Vec(s.tcg, s.g.v[rd], t);
  else andVec(s.tcg, s.g.v[rd], t, (1n << BigInt(bits)) - 1n);
}

/** d = vector helper of that name (with its size suffix, where it has one). */
export function callVec(s: S, name: string, size: number | undefined, d: Temp, ...args: Temp[]): void {
  s.tcg.callV(helper(s, size === undefined ? name : `${name}_${PREC[size]}`), d, ...args);
}

/** Elements of m:n with even (odd = 0) or odd numbers, `bits` of them from each register. */
export function everyOther(s: S, size: number, bits: number, odd: number, n: Temp, m: Temp): Temp {
  const t = s.tcg.vec(), bytes = 1 << size, perReg = bits / 16 >> size;
  shuffleVec(s.tcg, t, n, m, constVec(s, indexConst(Array.from({ length: bits / 8 }, (_, i) => {
    const e = Math.floor(i / bytes);
    return (e < perReg ? 0 : 16) + (2 * (e % perReg) + odd) * bytes + i % bytes;
  }))));
  return t;
}
/** Each element of `size` = the given one of Vm. */
export function dupElement(s: S, m: number, size: number, index: number): Temp {
  const t = s.tcg.vec(), bytes = 1 << size;
  swizzleVec(s.tcg, t, s.g.v[m], constVec(s, indexConst(Array.from({ length: 16 }, (_, i) => index * bytes + i % bytes))));
  return t;
}
/** The upper half of a vector as the lower one, zeros above. */
export function highHalf(s: S, v: Temp): Temp {
  const t = s.tcg.vec();
  swizzleVec(s.tcg, t, v, constVec(s, indexConst([8, 9, 10, 11, 12, 13, 14, 15])));
  return t;
}
/** Vd = a narrowed result: its low half into the low half of Vd with zeros above, or with Q set into the high half. */
export function writeNarrow(s: S, rd: number, q: number, low: Temp): void {
  if (!q) { s.tcg.mov(s.g.v[rd], low); return; }
  shuffleVec(s.tcg, s.g.v[rd], s.g.v[rd], low, constVec(s, indexConst([0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23])));
}
/** The low half of each element of size + 1, as the low half of the result; zeros above. */
export function narrowLow(s: S, size: number, v: Temp): Temp {
  const t = s.tcg.vec(), bytes = 1 << size;
  swizzleVec(s.tcg, t, v, constVec(s, indexConst(Array.from({ length: 8 }, (_, i) => Math.floor(i / bytes) * 2 * bytes + i % bytes))));
  return t;
}
