// Operand forms shared by data processing and loads: shifted and extended registers, bitmask immediates, field moves.
import type { Temp } from '../../../tcg/types.ts';
import type { DisasContext } from './context.ts';

export const LSL = 0, LSR = 1, ASR = 2, ROR = 3;
const MASK64 = 0xffffffffffffffffn;

/** d = zero-extended low `width` bits of x, shifted left by `left`: one op (extract's two shifts, with a negative offset). */
export function depositZero(s: DisasContext, d: Temp, x: Temp, left: number, width: number): void {
  if (left + width >= 64) s.tcg.shl(d, x, left);
  else s.tcg.extract(d, x, -left, left + width);
}
/** d = sign-extended low `width` bits of x, shifted left by `left`. */
export function depositSign(s: DisasContext, d: Temp, x: Temp, left: number, width: number): void {
  if (left + width >= 64) s.tcg.shl(d, x, left);
  else s.tcg.sextract(d, x, -left, left + width);
}

/**
 * Xm or Wm, shifted. The 32-bit form is right in its low half only: callers extend.
 */
export function shiftedReg(s: DisasContext, m: number, type: number, amount: number, sf: number): Temp {
  const { tcg } = s, x = s.xr(m);
  if (amount === 0 || m === 31) return x;
  const t = tcg.i64();
  if (type === LSL) tcg.shl(t, x, amount);
  else if (sf) {
    if (type === LSR) tcg.shr(t, x, amount);
    else if (type === ASR) tcg.sar(t, x, amount);
    else tcg.rotr(t, x, amount);
  } else if (type === LSR) tcg.extract(t, x, amount, 32 - amount);
  else if (type === ASR) tcg.sextract(t, x, amount, 32 - amount);
  else rotateWord(s, t, x, amount);
  return t;
}

/** d = Wx rotated right by `amount`, zero-extended. */
export function rotateWord(s: DisasContext, d: Temp, x: Temp, amount: number): void {
  const w = s.tcg.i32();
  s.tcg.extrl(w, x);
  s.tcg.rotr(w, w, amount);
  s.tcg.extuI32(d, w);
}

/** Xm extended by `option` (UXTB 0 … UXTX 3, SXTB 4 … SXTX 7) and shifted left by 0…4. */
export function extendedReg(s: DisasContext, m: number, option: number, shift: number): Temp {
  const x = s.xr(m);
  if (m === 31 || ((option & 3) === 3 && shift === 0)) return x;
  const t = s.tcg.i64(), width = 8 << (option & 3);
  if (option & 4) depositSign(s, t, x, shift, width);
  else depositZero(s, t, x, shift, width);
  return t;
}

/** Where to compute the result of an instruction on Xd or Wd: the register itself when no extension follows; 31 is XZR. */
export function resultReg(s: DisasContext, d: number, sf: number): Temp {
  return sf && d !== 31 ? s.g.x[d] : s.tcg.i64();
}
/** Zero-extends a Wd result of `resultReg`. */
export function finishReg(s: DisasContext, d: number, sf: number, t: Temp): void {
  if (!sf && d !== 31) s.tcg.ext32u(s.g.x[d], t);
}

/** Value of a logical immediate, zero-extended to 64 bits; undefined when reserved (Arm ARM, DecodeBitMasks). */
export function bitmaskImmediate(sf: number, n: number, immr: number, imms: number): bigint | undefined {
  if (!sf && n) return undefined;
  const len = 31 - Math.clz32((n << 6) | (~imms & 0x3f));
  if (len < 1) return undefined;
  const size = 1 << len, levels = size - 1;
  const ones = (imms & levels) + 1, r = immr & levels;
  if (ones === size) return undefined;
  const bits = BigInt(size), elemMask = (1n << bits) - 1n;
  const run = (1n << BigInt(ones)) - 1n;
  let v = ((run >> BigInt(r)) | (run << (bits - BigInt(r)))) & elemMask;
  for (let e = bits; e < 64n; e *= 2n) v |= v << e;
  return sf ? v & MASK64 : v & 0xffffffffn;
}
