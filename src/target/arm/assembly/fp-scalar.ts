// Scalar floating-point helpers: i64 in, i64 out, values zero-extended. Suffix h, s, d = half, single, double precision.
import { fpAdd, fpDiv, fpMul, fpMulAdd, fpMulX, fpRecipStep, fpRSqrtStep, fpSqrt } from './softfloat-arith';
import { fpCompareEQ, fpCompareGE, fpCompareGT, fpCompareOrder, fpMinMax, fpMinMaxNum } from './softfloat-compare';
import { fixedToFp, fpConvert, fpRoundInt, fpRoundIntN, fpToFixed, fpToFixedJS } from './softfloat-convert';
import { fpRecipEstimate, fpRecpX, fpRSqrtEstimate } from './softfloat-estimate';
import { magnitude, ODD, truth } from './softfloat';

// Arithmetic.
export function fadd_h(env: usize, a: u64, b: u64): u64 { return fpAdd<u16>(env, a, b, 0); }
export function fadd_s(env: usize, a: u64, b: u64): u64 { return fpAdd<u32>(env, a, b, 0); }
export function fadd_d(env: usize, a: u64, b: u64): u64 { return fpAdd<u64>(env, a, b, 0); }
export function fsub_h(env: usize, a: u64, b: u64): u64 { return fpAdd<u16>(env, a, b, 1); }
export function fsub_s(env: usize, a: u64, b: u64): u64 { return fpAdd<u32>(env, a, b, 1); }
export function fsub_d(env: usize, a: u64, b: u64): u64 { return fpAdd<u64>(env, a, b, 1); }
export function fmul_h(env: usize, a: u64, b: u64): u64 { return fpMul<u16>(env, a, b); }
export function fmul_s(env: usize, a: u64, b: u64): u64 { return fpMul<u32>(env, a, b); }
export function fmul_d(env: usize, a: u64, b: u64): u64 { return fpMul<u64>(env, a, b); }
export function fdiv_h(env: usize, a: u64, b: u64): u64 { return fpDiv<u16>(env, a, b); }
export function fdiv_s(env: usize, a: u64, b: u64): u64 { return fpDiv<u32>(env, a, b); }
export function fdiv_d(env: usize, a: u64, b: u64): u64 { return fpDiv<u64>(env, a, b); }
export function fmulx_h(env: usize, a: u64, b: u64): u64 { return fpMulX<u16>(env, a, b); }
export function fmulx_s(env: usize, a: u64, b: u64): u64 { return fpMulX<u32>(env, a, b); }
export function fmulx_d(env: usize, a: u64, b: u64): u64 { return fpMulX<u64>(env, a, b); }
export function fsqrt_h(env: usize, a: u64): u64 { return fpSqrt<u16>(env, a); }
export function fsqrt_s(env: usize, a: u64): u64 { return fpSqrt<u32>(env, a); }
export function fsqrt_d(env: usize, a: u64): u64 { return fpSqrt<u64>(env, a); }
/** c + a × b. */
export function fmadd_h(env: usize, c: u64, a: u64, b: u64): u64 { return fpMulAdd<u16>(env, c, a, b); }
export function fmadd_s(env: usize, c: u64, a: u64, b: u64): u64 { return fpMulAdd<u32>(env, c, a, b); }
export function fmadd_d(env: usize, c: u64, a: u64, b: u64): u64 { return fpMulAdd<u64>(env, c, a, b); }
export function fabd_h(env: usize, a: u64, b: u64): u64 { return magnitude<u16>(fpAdd<u16>(env, a, b, 1)); }
export function fabd_s(env: usize, a: u64, b: u64): u64 { return magnitude<u32>(fpAdd<u32>(env, a, b, 1)); }
export function fabd_d(env: usize, a: u64, b: u64): u64 { return magnitude<u64>(fpAdd<u64>(env, a, b, 1)); }

// Minimum, maximum.
export function fmax_h(env: usize, a: u64, b: u64): u64 { return fpMinMax<u16>(env, a, b, true); }
export function fmax_s(env: usize, a: u64, b: u64): u64 { return fpMinMax<u32>(env, a, b, true); }
export function fmax_d(env: usize, a: u64, b: u64): u64 { return fpMinMax<u64>(env, a, b, true); }
export function fmin_h(env: usize, a: u64, b: u64): u64 { return fpMinMax<u16>(env, a, b, false); }
export function fmin_s(env: usize, a: u64, b: u64): u64 { return fpMinMax<u32>(env, a, b, false); }
export function fmin_d(env: usize, a: u64, b: u64): u64 { return fpMinMax<u64>(env, a, b, false); }
export function fmaxnm_h(env: usize, a: u64, b: u64): u64 { return fpMinMaxNum<u16>(env, a, b, true); }
export function fmaxnm_s(env: usize, a: u64, b: u64): u64 { return fpMinMaxNum<u32>(env, a, b, true); }
export function fmaxnm_d(env: usize, a: u64, b: u64): u64 { return fpMinMaxNum<u64>(env, a, b, true); }
export function fminnm_h(env: usize, a: u64, b: u64): u64 { return fpMinMaxNum<u16>(env, a, b, false); }
export function fminnm_s(env: usize, a: u64, b: u64): u64 { return fpMinMaxNum<u32>(env, a, b, false); }
export function fminnm_d(env: usize, a: u64, b: u64): u64 { return fpMinMaxNum<u64>(env, a, b, false); }

// Comparison: x, where NZCV are the flags of x - 1 (forder for FCMP, fordere for FCMPE); or all ones for true.
export function forder_h(env: usize, a: u64, b: u64): u64 { return fpCompareOrder<u16>(env, a, b, true); }
export function forder_s(env: usize, a: u64, b: u64): u64 { return fpCompareOrder<u32>(env, a, b, true); }
export function forder_d(env: usize, a: u64, b: u64): u64 { return fpCompareOrder<u64>(env, a, b, true); }
export function fordere_h(env: usize, a: u64, b: u64): u64 { return fpCompareOrder<u16>(env, a, b, false); }
export function fordere_s(env: usize, a: u64, b: u64): u64 { return fpCompareOrder<u32>(env, a, b, false); }
export function fordere_d(env: usize, a: u64, b: u64): u64 { return fpCompareOrder<u64>(env, a, b, false); }
export function fcmeq_h(env: usize, a: u64, b: u64): u64 { return truth<u16>(fpCompareEQ<u16>(env, a, b)); }
export function fcmeq_s(env: usize, a: u64, b: u64): u64 { return truth<u32>(fpCompareEQ<u32>(env, a, b)); }
export function fcmeq_d(env: usize, a: u64, b: u64): u64 { return truth<u64>(fpCompareEQ<u64>(env, a, b)); }
export function fcmge_h(env: usize, a: u64, b: u64): u64 { return truth<u16>(fpCompareGE<u16>(env, a, b)); }
export function fcmge_s(env: usize, a: u64, b: u64): u64 { return truth<u32>(fpCompareGE<u32>(env, a, b)); }
export function fcmge_d(env: usize, a: u64, b: u64): u64 { return truth<u64>(fpCompareGE<u64>(env, a, b)); }
export function fcmgt_h(env: usize, a: u64, b: u64): u64 { return truth<u16>(fpCompareGT<u16>(env, a, b)); }
export function fcmgt_s(env: usize, a: u64, b: u64): u64 { return truth<u32>(fpCompareGT<u32>(env, a, b)); }
export function fcmgt_d(env: usize, a: u64, b: u64): u64 { return truth<u64>(fpCompareGT<u64>(env, a, b)); }
export function facge_h(env: usize, a: u64, b: u64): u64 { return truth<u16>(fpCompareGE<u16>(env, magnitude<u16>(a), magnitude<u16>(b))); }
export function facge_s(env: usize, a: u64, b: u64): u64 { return truth<u32>(fpCompareGE<u32>(env, magnitude<u32>(a), magnitude<u32>(b))); }
export function facge_d(env: usize, a: u64, b: u64): u64 { return truth<u64>(fpCompareGE<u64>(env, magnitude<u64>(a), magnitude<u64>(b))); }
export function facgt_h(env: usize, a: u64, b: u64): u64 { return truth<u16>(fpCompareGT<u16>(env, magnitude<u16>(a), magnitude<u16>(b))); }
export function facgt_s(env: usize, a: u64, b: u64): u64 { return truth<u32>(fpCompareGT<u32>(env, magnitude<u32>(a), magnitude<u32>(b))); }
export function facgt_d(env: usize, a: u64, b: u64): u64 { return truth<u64>(fpCompareGT<u64>(env, magnitude<u64>(a), magnitude<u64>(b))); }

// Conversions; `info` as softfloat-convert says.
export function frint_h(env: usize, a: u64, info: u64): u64 { return fpRoundInt<u16>(env, a, info); }
export function frint_s(env: usize, a: u64, info: u64): u64 { return fpRoundInt<u32>(env, a, info); }
export function frint_d(env: usize, a: u64, info: u64): u64 { return fpRoundInt<u64>(env, a, info); }
export function frintn_h(env: usize, a: u64, info: u64): u64 { return fpRoundIntN<u16>(env, a, info); }
export function frintn_s(env: usize, a: u64, info: u64): u64 { return fpRoundIntN<u32>(env, a, info); }
export function frintn_d(env: usize, a: u64, info: u64): u64 { return fpRoundIntN<u64>(env, a, info); }
export function fcvt_int_h(env: usize, a: u64, info: u64): u64 { return fpToFixed<u16>(env, a, info); }
export function fcvt_int_s(env: usize, a: u64, info: u64): u64 { return fpToFixed<u32>(env, a, info); }
export function fcvt_int_d(env: usize, a: u64, info: u64): u64 { return fpToFixed<u64>(env, a, info); }
export function int_fcvt_h(env: usize, a: u64, info: u64): u64 { return fixedToFp<u16>(env, a, info); }
export function int_fcvt_s(env: usize, a: u64, info: u64): u64 { return fixedToFp<u32>(env, a, info); }
export function int_fcvt_d(env: usize, a: u64, info: u64): u64 { return fixedToFp<u64>(env, a, info); }
export function fcvt_hs(env: usize, a: u64): u64 { return fpConvert<u16, u32>(env, a, 7); }
export function fcvt_hd(env: usize, a: u64): u64 { return fpConvert<u16, u64>(env, a, 7); }
export function fcvt_sh(env: usize, a: u64): u64 { return fpConvert<u32, u16>(env, a, 7); }
export function fcvt_sd(env: usize, a: u64): u64 { return fpConvert<u32, u64>(env, a, 7); }
export function fcvt_dh(env: usize, a: u64): u64 { return fpConvert<u64, u16>(env, a, 7); }
export function fcvt_ds(env: usize, a: u64): u64 { return fpConvert<u64, u32>(env, a, 7); }
export function fcvtxn(env: usize, a: u64): u64 { return fpConvert<u64, u32>(env, a, ODD); }
export function fjcvtzs(env: usize, a: u64): u64 { return fpToFixedJS(env, a); }

// Estimates and steps.
export function frecpe_h(env: usize, a: u64): u64 { return fpRecipEstimate<u16>(env, a); }
export function frecpe_s(env: usize, a: u64): u64 { return fpRecipEstimate<u32>(env, a); }
export function frecpe_d(env: usize, a: u64): u64 { return fpRecipEstimate<u64>(env, a); }
export function frsqrte_h(env: usize, a: u64): u64 { return fpRSqrtEstimate<u16>(env, a); }
export function frsqrte_s(env: usize, a: u64): u64 { return fpRSqrtEstimate<u32>(env, a); }
export function frsqrte_d(env: usize, a: u64): u64 { return fpRSqrtEstimate<u64>(env, a); }
export function frecpx_h(env: usize, a: u64): u64 { return fpRecpX<u16>(env, a); }
export function frecpx_s(env: usize, a: u64): u64 { return fpRecpX<u32>(env, a); }
export function frecpx_d(env: usize, a: u64): u64 { return fpRecpX<u64>(env, a); }
export function frecps_h(env: usize, a: u64, b: u64): u64 { return fpRecipStep<u16>(env, a, b); }
export function frecps_s(env: usize, a: u64, b: u64): u64 { return fpRecipStep<u32>(env, a, b); }
export function frecps_d(env: usize, a: u64, b: u64): u64 { return fpRecipStep<u64>(env, a, b); }
export function frsqrts_h(env: usize, a: u64, b: u64): u64 { return fpRSqrtStep<u16>(env, a, b); }
export function frsqrts_s(env: usize, a: u64, b: u64): u64 { return fpRSqrtStep<u32>(env, a, b); }
export function frsqrts_d(env: usize, a: u64, b: u64): u64 { return fpRSqrtStep<u64>(env, a, b); }
