// What all FP and SIMD translators share: the access check, scalar views of vector registers, conversion operands.
import { Type, type Temp } from '../../../tcg/types.ts';
import { andVec, extractVec, sextractVec, zext64Vec, zextVec } from '../../../tcg/vec-gen.ts';
import type { HelperRef } from '../../../tcg/context.ts';
import type { DecodeRow } from '../../../tcg/decode.ts';
import { Form, Fp2, type FpStatus } from '../../../tcg/fp-gen.ts';
import { envOff, getFlag, TBFlag } from '../env.ts';
import { EC, EXCP, syndrome } from '../syndrome.ts';
import type { DisasContext } from './context.ts';

export type S = DisasContext;
export type Row = DecodeRow<DisasContext>;

/**
 * Ends the decoding of an allocated FP or SIMD instruction: emits `body`, or the trap when CPACR_EL1 disables FP.
 * Always true, for trans functions to return.
 */
export function fpInsn(s: S, body: () => void): true {
  const el = getFlag(s.flags, TBFlag.FPEXC_EL);
  // ISS: CV = 1, COND = always.
  if (el) s.exceptionInsn(EXCP.UDEF, syndrome(EC.FP_TRAP, 0x1e00000), el);
  else body();
  return true;
}

/** FPSR.IXC, for the ops that compute on the host. */
export const FP_STATUS: FpStatus = { offset: envOff.fpsr, mask: 0x10 };
/** Whether FPCR allows host arithmetic on elements of that size: default rounding, no flushing, no default NaNs. */
export const onHost = (s: S, size: number): boolean => size >= 2 && getFlag(s.flags, TBFlag.FP_DEFAULT) === 1;
export const scalarForm = (size: number): Form => (size === 2 ? Form.S : Form.D);
export const vectorForm = (size: number): Form => (size === 2 ? Form.S4 : Form.D2);
/** Two-operand instructions that are one host operation. FMAXNM differs from FMAX for NaNs only, which are the helpers'. */
export const HOST_FP2: Readonly<Record<string, Fp2 | undefined>> = {
  fadd: Fp2.ADD, fsub: Fp2.SUB, fmul: Fp2.MUL, fdiv: Fp2.DIV, fmax: Fp2.MAX, fmin: Fp2.MIN, fmaxnm: Fp2.MAX, fminnm: Fp2.MIN,
};

/** Suffix of a helper by the log2 of the element size in bytes. */
export const PREC = ['b', 'h', 's', 'd'] as const;
/** Size (log2 bytes) of an `ftype` field; undefined when reserved, or half precision on a CPU without FEAT_FP16. */
export const ftypeSize = (s: S, ftype: number): number | undefined => (ftype === 0 ? 2 : ftype === 1 ? 3 : ftype === 3 && s.feat.fp16 ? 1 : undefined);
/** A helper by name. Error: Error when nothing registers it. */
export const helper = (s: S, name: string): HelperRef => {
  const h = s.helpers[name];
  if (!h) throw new Error(`no helper ${name}`);
  return h;
};

/** Lane 0 of Vn, zero-extended to 64 bits. `size`: log2 of its bytes. */
export function readScalar(s: S, n: number, size: number): Temp { return readLane(s, n, size, 0); }
export function readLane(s: S, n: number, size: number, lane: number): Temp {
  const t = s.tcg.i64();
  extractVec(s.tcg, size, t, s.g.v[n], lane);
  return t;
}
/** A lane of Vn, sign-extended to 64 bits. */
export function readLaneSigned(s: S, n: number, size: number, lane: number): Temp {
  const t = s.tcg.i64();
  sextractVec(s.tcg, size, t, s.g.v[n], lane);
  return t;
}
/** Vd = a zero-extended value; the upper bits are cleared. */
export function writeScalar(s: S, d: number, t: Temp): void { zextVec(s.tcg, s.g.v[d], t); }
/** Vd = a vector result: of 128 bits, or 64 with the upper half cleared. */
export function writeVec(s: S, d: number, q: number, t: Temp): void {
  if (q) s.tcg.mov(s.g.v[d], t);
  else zext64Vec(s.tcg, s.g.v[d], t);
}
/** Where to compute a vector result that `finishVec` completes: the register itself when nothing is to be cleared. */
export function destVec(s: S, d: number, q: number): Temp { return q ? s.g.v[d] : s.tcg.vec(); }
export function finishVec(s: S, d: number, q: number, t: Temp): void { if (!q) zext64Vec(s.tcg, s.g.v[d], t); }
/** Vd = the low `size` element of a vector result. */
export function writeLow(s: S, d: number, size: number, t: Temp): void {
  andVec(s.tcg, s.g.v[d], t, (1n << BigInt(8 << size)) - 1n);
}
export const constVec = (s: S, v: bigint): Temp => s.tcg.const(Type.V128, v);

/** Rounding modes of conversions: FPCR.RMode's values, ties away, to odd, FPCR's own. */
export const Rounding = { TIEEVEN: 0, POSINF: 1, NEGINF: 2, ZERO: 3, TIEAWAY: 4, ODD: 5, FPCR: 7 } as const;
/** The `info` operand of conversion helpers (src/target/arm/assembly/softfloat-convert.ts). */
export const convInfo = (rounding: number, unsigned = false, exact = false, fbits = 0, bits = 0): bigint =>
  BigInt(rounding | (unsigned ? 8 : 0) | (exact ? 16 : 0) | (fbits << 8) | (bits << 16));

/** Value of the 8-bit floating-point immediate in a format of 1 << size bytes (Arm ARM VFPExpandImm). */
export function expandImm(imm8: number, size: number): bigint {
  const e = size === 1 ? 5 : size === 2 ? 8 : 11, f = (8 << size) - e - 1;
  const sign = BigInt(imm8 >> 7), b6 = (imm8 >> 6) & 1;
  const exp = (BigInt(b6 ^ 1) << BigInt(e - 1)) | (b6 ? ((1n << BigInt(e - 3)) - 1n) << 2n : 0n) | BigInt((imm8 >> 4) & 3);
  return (sign << BigInt(e + f)) | (exp << BigInt(f)) | (BigInt(imm8 & 15) << BigInt(f - 4));
}
