// Builder functions of the floating-point ops, and whether the host multiplies and adds with one rounding.
import { Type, type Temp } from './types.ts';
import type { Arg, HelperRef, TCGContext } from './context.ts';
import { opDef } from './ops/index.ts';
import type { Form, Fp2, FpCmp, FpCvt, FromInt, RoundTo } from './ops/fp.ts';
import { WasmCode } from './wasm/code.ts';
import { WasmModule } from './wasm/module.ts';

export { Form, Fp2, FpCmp, FpCvt, FromInt, RoundTo, ToInt } from './ops/fp.ts';

const V = Type.V128;
const FP2 = opDef('fp2_vec'), FPCMP = opDef('fpcmp_vec'), FSQRT = opDef('fsqrt_vec'), FCVT = opDef('fcvt_vec'), FMA = opDef('fma_vec');
const FCMP = opDef('fcmp'), FROM_INT = opDef('fp_from_int'), TO_INT = opDef('fp_to_int');

/** Where the guest records that a result was inexact: offset of a byte in the vCPU block, and its bit. */
export interface FpStatus { readonly offset: number; readonly mask: number }

/** d = a op b. The helper takes what the form says: two i64 of scalars, or two vectors. */
export function fp2Vec(tcg: TCGContext, op: Fp2, form: Form, helper: HelperRef, st: FpStatus, d: Temp, a: Temp, b: Temp): void {
  tcg.emit(FP2, V, [d], [a, b], [helper.id, op, form, st.offset, st.mask]);
}
/** Lanes of d = (a cond b) ? -1 : 0; vector forms only. */
export function fpCmpVec(tcg: TCGContext, cond: FpCmp, form: Form, helper: HelperRef, d: Temp, a: Temp, b: Temp): void {
  tcg.emit(FPCMP, V, [d], [a, b], [helper.id, cond, form]);
}
export function fsqrtVec(tcg: TCGContext, form: Form, helper: HelperRef, st: FpStatus, d: Temp, a: Temp): void {
  tcg.emit(FSQRT, V, [d], [a], [helper.id, form, st.offset, st.mask]);
}
export function fcvtVec(tcg: TCGContext, cvt: FpCvt, helper: HelperRef, st: FpStatus, d: Temp, a: Temp): void {
  tcg.emit(FCVT, V, [d], [a], [helper.id, cvt, st.offset, st.mask]);
}
/** d = c + a × b, where `hostFuses`. */
export function fmaVec(tcg: TCGContext, form: Form, helper: HelperRef, st: FpStatus, d: Temp, c: Temp, a: Temp, b: Temp): void {
  tcg.emit(FMA, V, [d], [c, a, b], [helper.id, form, st.offset, st.mask]);
}
/** i64 d = 0, 1, 2 as the scalar a is below, equal to or above b; the helper's result where they have no order. */
export function fcmp(tcg: TCGContext, form: Form, helper: HelperRef, d: Temp, a: Temp, b: Arg): void {
  tcg.emit(FCMP, V, [d], [a, tcg.arg(b, V)], [helper.id, form]);
}
/** d = an i64 as a scalar; `info` is the helper's second operand. */
export function fpFromInt(tcg: TCGContext, from: FromInt, helper: HelperRef, info: bigint, st: FpStatus, d: Temp, a: Temp): void {
  tcg.emit(FROM_INT, V, [d], [a], [helper.id, from, Number(info), st.offset, st.mask]);
}
/** i64 d = a scalar as an integer; `to`: ToInt bits. */
export function fpToInt(tcg: TCGContext, to: number, round: RoundTo, helper: HelperRef, info: bigint, st: FpStatus, d: Temp, a: Temp): void {
  tcg.emit(TO_INT, V, [d], [a], [helper.id, to, round, Number(info), st.offset, st.mask]);
}

let fuses: boolean | undefined;
/** Whether wasm's relaxed multiply-add rounds once on this host: (1 + 2^-30)² - (1 + 2^-29) is 2^-60 then, else 0. */
export function hostFuses(): boolean {
  if (fuses !== undefined) return fuses;
  const m = new WasmModule(), w = new WasmCode();
  w.localGet(0); w.simd('f64x2_splat');
  w.localGet(0); w.simd('f64x2_splat');
  w.localGet(1); w.simd('f64x2_splat');
  w.simd('f64x2_relaxed_madd'); w.lane('f64x2_extract_lane', 0);
  m.func(m.type(['f64', 'f64'], ['f64']), [], w, 'madd');
  const { madd } = new WebAssembly.Instance(new WebAssembly.Module(m.encode()), {}).exports as { madd(x: number, c: number): number };
  return (fuses = madd(1 + 2 ** -30, -(1 + 2 ** -29)) === 2 ** -60);
}
