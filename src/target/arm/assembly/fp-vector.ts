// Vector floating-point helpers: the scalar operations on every lane. Lanes above a 64-bit operand hold 1.0 (the
// translator fills them in), which no operation here raises a flag for.
import { fpAdd, fpDiv, fpMul, fpMulAdd, fpMulX, fpRecipStep, fpRSqrtStep, fpSqrt } from './softfloat-arith';
import { fpCompareEQ, fpCompareGE, fpCompareGT, fpMinMax, fpMinMaxNum } from './softfloat-compare';
import { fixedToFp, fpConvert, fpRoundInt, fpRoundIntN, fpToFixed } from './softfloat-convert';
import { fpRecipEstimate, fpRSqrtEstimate } from './softfloat-estimate';
import { FZ, NEGINF, ODD, POSINF, TIEAWAY, TIEEVEN, getFpcr, isQuiet, isQuietFlushing, magnitude, truth } from './softfloat';
import { spill1, spill2, spill3 } from './simd-lanes';

// Two-operand operations.
const ADD = 0, SUB = 1, MUL = 2, DIV = 3, MULX = 4, MAX = 5, MIN = 6, MAXNM = 7, MINNM = 8, ABD = 9;
const CMEQ = 10, CMGE = 11, CMGT = 12, ACGE = 13, ACGT = 14, RECPS = 15, RSQRTS = 16;

@inline function lane2<T>(env: usize, op: i32, x: u64, y: u64): u64 {
  if (op == ADD) return fpAdd<T>(env, x, y, 0);
  if (op == SUB) return fpAdd<T>(env, x, y, 1);
  if (op == MUL) return fpMul<T>(env, x, y);
  if (op == DIV) return fpDiv<T>(env, x, y);
  if (op == MULX) return fpMulX<T>(env, x, y);
  if (op == MAX || op == MIN) return fpMinMax<T>(env, x, y, op == MAX);
  if (op == MAXNM || op == MINNM) return fpMinMaxNum<T>(env, x, y, op == MAXNM);
  if (op == ABD) return magnitude<T>(fpAdd<T>(env, x, y, 1));
  if (op == CMEQ) return truth<T>(fpCompareEQ<T>(env, x, y));
  if (op == CMGE) return truth<T>(fpCompareGE<T>(env, x, y));
  if (op == CMGT) return truth<T>(fpCompareGT<T>(env, x, y));
  if (op == ACGE) return truth<T>(fpCompareGE<T>(env, magnitude<T>(x), magnitude<T>(y)));
  if (op == ACGT) return truth<T>(fpCompareGT<T>(env, magnitude<T>(x), magnitude<T>(y)));
  if (op == RECPS) return fpRecipStep<T>(env, x, y);
  return fpRSqrtStep<T>(env, x, y);
}

/** All lanes of a native result are normal numbers above the smallest: no flag but IXC can belong to them. */
@inline function allSafe<T>(r: v128): bool {
  if (sizeof<T>() == 8) {
    const m = f64x2.abs(r);
    return i64x2.all_true(v128.and(f64x2.gt(m, f64x2.splat(2.2250738585072014e-308)), f64x2.lt(m, f64x2.splat(Infinity))));
  }
  const m = f32x4.abs(r);
  return i32x4.all_true(v128.and(f32x4.gt(m, f32x4.splat(reinterpret<f32>(0x00800000))), f32x4.lt(m, f32x4.splat(Infinity))));
}

/** No lane is denormal, where FPCR flushes those. */
@inline function noneFlushed<T>(fpcr: u32, a: v128, b: v128): bool {
  if (!(fpcr & FZ)) return true;
  const zero = i64x2.splat(0);
  if (sizeof<T>() == 8) {
    const least = f64x2.splat(2.2250738585072014e-308);
    return !v128.any_true(v128.or(v128.and(f64x2.lt(f64x2.abs(a), least), f64x2.ne(a, zero)), v128.and(f64x2.lt(f64x2.abs(b), least), f64x2.ne(b, zero))));
  }
  const least = f32x4.splat(reinterpret<f32>(0x00800000));
  return !v128.any_true(v128.or(v128.and(f32x4.lt(f32x4.abs(a), least), f32x4.ne(a, zero)), v128.and(f32x4.lt(f32x4.abs(b), least), f32x4.ne(b, zero))));
}

@inline function map2<T>(env: usize, a: v128, b: v128, op: i32): v128 {
  if (sizeof<T>() > 2 && op <= DIV && isQuietFlushing(env, getFpcr(env)) && noneFlushed<T>(getFpcr(env), a, b)) {
    let r: v128;
    if (sizeof<T>() == 8) r = op == ADD ? f64x2.add(a, b) : op == SUB ? f64x2.sub(a, b) : op == MUL ? f64x2.mul(a, b) : f64x2.div(a, b);
    else r = op == ADD ? f32x4.add(a, b) : op == SUB ? f32x4.sub(a, b) : op == MUL ? f32x4.mul(a, b) : f32x4.div(a, b);
    if (allSafe<T>(r)) return r;
  }
  const p = spill2(env, a, b);
  for (let i: usize = 0; i < 16; i += sizeof<T>()) store<T>(p + i, <T>lane2<T>(env, op, <u64>load<T>(p + i), <u64>load<T>(p + i + 16)));
  return v128.load(p);
}

/** c + a × b in each lane. */
@inline function mapFma<T>(env: usize, c: v128, a: v128, b: v128): v128 {
  const p = spill3(env, c, a, b);
  for (let i: usize = 0; i < 16; i += sizeof<T>()) {
    store<T>(p + i, <T>fpMulAdd<T>(env, <u64>load<T>(p + i), <u64>load<T>(p + i + 16), <u64>load<T>(p + i + 32)));
  }
  return v128.load(p);
}

// One-operand operations; `info` where softfloat-convert has one.
const SQRT = 0, RECPE = 1, RSQRTE = 2, RINT = 3, RINTN = 4, TO_INT = 5, FROM_INT = 6;

@inline function lane1<T>(env: usize, op: i32, x: u64, info: u64): u64 {
  if (op == SQRT) return fpSqrt<T>(env, x);
  if (op == RECPE) return fpRecipEstimate<T>(env, x);
  if (op == RSQRTE) return fpRSqrtEstimate<T>(env, x);
  if (op == RINT) return fpRoundInt<T>(env, x, info);
  if (op == RINTN) return fpRoundIntN<T>(env, x, info);
  if (op == TO_INT) return fpToFixed<T>(env, x, info);
  // Lanes are extended as `info` says.
  const shift: u64 = 64 - 8 * sizeof<T>();
  return fixedToFp<T>(env, info & 8 ? x : <u64>(<i64>(x << shift) >> shift), info);
}
/** Whether `nativeSingles` gave the result. */
let done: bool = false;
function roundSingles(a: v128, mode: i32): v128 {
  return mode == TIEEVEN ? f32x4.nearest(a) : mode == POSINF ? f32x4.ceil(a) : mode == NEGINF ? f32x4.floor(a) : f32x4.trunc(a);
}
/** Four singles at once, where rounding is to nearest and IXC is set: conversions and rounding. */
function nativeSingles(env: usize, a: v128, op: i32, info: u64): v128 {
  const fpcr = getFpcr(env), mode = <i32>info & 7, fbits = <i32>(info >> 8) & 127, unsigned = (info >> 3 & 1) != 0;
  done = false;
  if (!isQuiet(env, fpcr)) return a;
  if (op == FROM_INT) {
    done = true;
    const r = unsigned ? f32x4.convert_i32x4_u(a) : f32x4.convert_i32x4_s(a);
    return fbits ? f32x4.mul(r, f32x4.splat(reinterpret<f32>(127 - fbits << 23))) : r;
  }
  if (op == TO_INT && mode < TIEAWAY) {
    // Scaling by a power of two is exact or gives infinity, which is out of range too; tiny values stay what they are.
    const x = roundSingles(fbits ? f32x4.mul(a, f32x4.splat(reinterpret<f32>(127 + fbits << 23))) : a, mode);
    const fits = unsigned ? v128.and(f32x4.ge(x, f32x4.splat(0)), f32x4.lt(x, f32x4.splat(4294967296.0))) : v128.and(f32x4.ge(x, f32x4.splat(-2147483648.0)), f32x4.lt(x, f32x4.splat(2147483648.0)));
    if (!i32x4.all_true(fits)) return a;
    done = true;
    return unsigned ? i32x4.trunc_sat_f32x4_u(x) : i32x4.trunc_sat_f32x4_s(x);
  }
  if (op == RINT && (mode < TIEAWAY || mode == 7)) {
    if (v128.any_true(f32x4.ne(a, a))) return a;
    done = true;
    return roundSingles(a, mode == 7 ? TIEEVEN : mode);
  }
  return a;
}
@inline function map1<T>(env: usize, a: v128, op: i32, info: u64): v128 {
  if (sizeof<T>() == 4 && op >= RINT && op != RINTN) {
    const r = nativeSingles(env, a, op, info);
    if (done) return r;
  }
  const p = spill1(env, a);
  for (let i: usize = 0; i < 16; i += sizeof<T>()) store<T>(p + i, <T>lane1<T>(env, op, <u64>load<T>(p + i), info));
  return v128.load(p);
}
@inline function infoOf(b: v128): u64 { return v128.extract_lane<u64>(b, 0); }

// Conversions between formats.
/** The low half's lanes, widened. */
@inline function widen<N, W>(env: usize, a: v128): v128 {
  const p = spill1(env, a);
  for (let i: usize = 0; i < 16 / sizeof<W>(); i++) store<W>(p + 16 + i * sizeof<W>(), <W>fpConvert<N, W>(env, <u64>load<N>(p + i * sizeof<N>()), 7));
  return v128.load(p, 16);
}
/** All lanes, narrowed, in the low half. */
@inline function narrow<W, N>(env: usize, a: v128, mode: i32): v128 {
  const p = spill2(env, a, i64x2.splat(0));
  for (let i: usize = 0; i < 16 / sizeof<W>(); i++) store<N>(p + 16 + i * sizeof<N>(), <N>fpConvert<W, N>(env, <u64>load<W>(p + i * sizeof<W>()), mode));
  return v128.load(p, 16);
}
export function vfcvtl_h(env: usize, a: v128): v128 { return widen<u16, u32>(env, a); }
export function vfcvtl_s(env: usize, a: v128): v128 { return widen<u32, u64>(env, a); }
export function vfcvtn_h(env: usize, a: v128): v128 { return narrow<u32, u16>(env, a, 7); }
export function vfcvtn_s(env: usize, a: v128): v128 { return narrow<u64, u32>(env, a, 7); }
export function vfcvtxn(env: usize, a: v128): v128 { return narrow<u64, u32>(env, a, ODD); }

export function vfadd_h(env: usize, a: v128, b: v128): v128 { return map2<u16>(env, a, b, ADD); }
export function vfadd_s(env: usize, a: v128, b: v128): v128 { return map2<u32>(env, a, b, ADD); }
export function vfadd_d(env: usize, a: v128, b: v128): v128 { return map2<u64>(env, a, b, ADD); }
export function vfsub_h(env: usize, a: v128, b: v128): v128 { return map2<u16>(env, a, b, SUB); }
export function vfsub_s(env: usize, a: v128, b: v128): v128 { return map2<u32>(env, a, b, SUB); }
export function vfsub_d(env: usize, a: v128, b: v128): v128 { return map2<u64>(env, a, b, SUB); }
export function vfmul_h(env: usize, a: v128, b: v128): v128 { return map2<u16>(env, a, b, MUL); }
export function vfmul_s(env: usize, a: v128, b: v128): v128 { return map2<u32>(env, a, b, MUL); }
export function vfmul_d(env: usize, a: v128, b: v128): v128 { return map2<u64>(env, a, b, MUL); }
export function vfdiv_h(env: usize, a: v128, b: v128): v128 { return map2<u16>(env, a, b, DIV); }
export function vfdiv_s(env: usize, a: v128, b: v128): v128 { return map2<u32>(env, a, b, DIV); }
export function vfdiv_d(env: usize, a: v128, b: v128): v128 { return map2<u64>(env, a, b, DIV); }
export function vfmulx_h(env: usize, a: v128, b: v128): v128 { return map2<u16>(env, a, b, MULX); }
export function vfmulx_s(env: usize, a: v128, b: v128): v128 { return map2<u32>(env, a, b, MULX); }
export function vfmulx_d(env: usize, a: v128, b: v128): v128 { return map2<u64>(env, a, b, MULX); }
export function vfmax_h(env: usize, a: v128, b: v128): v128 { return map2<u16>(env, a, b, MAX); }
export function vfmax_s(env: usize, a: v128, b: v128): v128 { return map2<u32>(env, a, b, MAX); }
export function vfmax_d(env: usize, a: v128, b: v128): v128 { return map2<u64>(env, a, b, MAX); }
export function vfmin_h(env: usize, a: v128, b: v128): v128 { return map2<u16>(env, a, b, MIN); }
export function vfmin_s(env: usize, a: v128, b: v128): v128 { return map2<u32>(env, a, b, MIN); }
export function vfmin_d(env: usize, a: v128, b: v128): v128 { return map2<u64>(env, a, b, MIN); }
export function vfmaxnm_h(env: usize, a: v128, b: v128): v128 { return map2<u16>(env, a, b, MAXNM); }
export function vfmaxnm_s(env: usize, a: v128, b: v128): v128 { return map2<u32>(env, a, b, MAXNM); }
export function vfmaxnm_d(env: usize, a: v128, b: v128): v128 { return map2<u64>(env, a, b, MAXNM); }
export function vfminnm_h(env: usize, a: v128, b: v128): v128 { return map2<u16>(env, a, b, MINNM); }
export function vfminnm_s(env: usize, a: v128, b: v128): v128 { return map2<u32>(env, a, b, MINNM); }
export function vfminnm_d(env: usize, a: v128, b: v128): v128 { return map2<u64>(env, a, b, MINNM); }
export function vfabd_h(env: usize, a: v128, b: v128): v128 { return map2<u16>(env, a, b, ABD); }
export function vfabd_s(env: usize, a: v128, b: v128): v128 { return map2<u32>(env, a, b, ABD); }
export function vfabd_d(env: usize, a: v128, b: v128): v128 { return map2<u64>(env, a, b, ABD); }
export function vfcmeq_h(env: usize, a: v128, b: v128): v128 { return map2<u16>(env, a, b, CMEQ); }
export function vfcmeq_s(env: usize, a: v128, b: v128): v128 { return map2<u32>(env, a, b, CMEQ); }
export function vfcmeq_d(env: usize, a: v128, b: v128): v128 { return map2<u64>(env, a, b, CMEQ); }
export function vfcmge_h(env: usize, a: v128, b: v128): v128 { return map2<u16>(env, a, b, CMGE); }
export function vfcmge_s(env: usize, a: v128, b: v128): v128 { return map2<u32>(env, a, b, CMGE); }
export function vfcmge_d(env: usize, a: v128, b: v128): v128 { return map2<u64>(env, a, b, CMGE); }
export function vfcmgt_h(env: usize, a: v128, b: v128): v128 { return map2<u16>(env, a, b, CMGT); }
export function vfcmgt_s(env: usize, a: v128, b: v128): v128 { return map2<u32>(env, a, b, CMGT); }
export function vfcmgt_d(env: usize, a: v128, b: v128): v128 { return map2<u64>(env, a, b, CMGT); }
export function vfacge_h(env: usize, a: v128, b: v128): v128 { return map2<u16>(env, a, b, ACGE); }
export function vfacge_s(env: usize, a: v128, b: v128): v128 { return map2<u32>(env, a, b, ACGE); }
export function vfacge_d(env: usize, a: v128, b: v128): v128 { return map2<u64>(env, a, b, ACGE); }
export function vfacgt_h(env: usize, a: v128, b: v128): v128 { return map2<u16>(env, a, b, ACGT); }
export function vfacgt_s(env: usize, a: v128, b: v128): v128 { return map2<u32>(env, a, b, ACGT); }
export function vfacgt_d(env: usize, a: v128, b: v128): v128 { return map2<u64>(env, a, b, ACGT); }
export function vfrecps_h(env: usize, a: v128, b: v128): v128 { return map2<u16>(env, a, b, RECPS); }
export function vfrecps_s(env: usize, a: v128, b: v128): v128 { return map2<u32>(env, a, b, RECPS); }
export function vfrecps_d(env: usize, a: v128, b: v128): v128 { return map2<u64>(env, a, b, RECPS); }
export function vfrsqrts_h(env: usize, a: v128, b: v128): v128 { return map2<u16>(env, a, b, RSQRTS); }
export function vfrsqrts_s(env: usize, a: v128, b: v128): v128 { return map2<u32>(env, a, b, RSQRTS); }
export function vfrsqrts_d(env: usize, a: v128, b: v128): v128 { return map2<u64>(env, a, b, RSQRTS); }
export function vfmla_h(env: usize, c: v128, a: v128, b: v128): v128 { return mapFma<u16>(env, c, a, b); }
export function vfmla_s(env: usize, c: v128, a: v128, b: v128): v128 { return mapFma<u32>(env, c, a, b); }
export function vfmla_d(env: usize, c: v128, a: v128, b: v128): v128 { return mapFma<u64>(env, c, a, b); }
export function vfsqrt_h(env: usize, a: v128): v128 { return map1<u16>(env, a, SQRT, 0); }
export function vfsqrt_s(env: usize, a: v128): v128 { return map1<u32>(env, a, SQRT, 0); }
export function vfsqrt_d(env: usize, a: v128): v128 { return map1<u64>(env, a, SQRT, 0); }
export function vfrecpe_h(env: usize, a: v128): v128 { return map1<u16>(env, a, RECPE, 0); }
export function vfrecpe_s(env: usize, a: v128): v128 { return map1<u32>(env, a, RECPE, 0); }
export function vfrecpe_d(env: usize, a: v128): v128 { return map1<u64>(env, a, RECPE, 0); }
export function vfrsqrte_h(env: usize, a: v128): v128 { return map1<u16>(env, a, RSQRTE, 0); }
export function vfrsqrte_s(env: usize, a: v128): v128 { return map1<u32>(env, a, RSQRTE, 0); }
export function vfrsqrte_d(env: usize, a: v128): v128 { return map1<u64>(env, a, RSQRTE, 0); }
export function vfrint_h(env: usize, a: v128, info: v128): v128 { return map1<u16>(env, a, RINT, infoOf(info)); }
export function vfrint_s(env: usize, a: v128, info: v128): v128 { return map1<u32>(env, a, RINT, infoOf(info)); }
export function vfrint_d(env: usize, a: v128, info: v128): v128 { return map1<u64>(env, a, RINT, infoOf(info)); }
export function vfrintn_h(env: usize, a: v128, info: v128): v128 { return map1<u16>(env, a, RINTN, infoOf(info)); }
export function vfrintn_s(env: usize, a: v128, info: v128): v128 { return map1<u32>(env, a, RINTN, infoOf(info)); }
export function vfrintn_d(env: usize, a: v128, info: v128): v128 { return map1<u64>(env, a, RINTN, infoOf(info)); }
export function vfcvt_int_h(env: usize, a: v128, info: v128): v128 { return map1<u16>(env, a, TO_INT, infoOf(info)); }
export function vfcvt_int_s(env: usize, a: v128, info: v128): v128 { return map1<u32>(env, a, TO_INT, infoOf(info)); }
export function vfcvt_int_d(env: usize, a: v128, info: v128): v128 { return map1<u64>(env, a, TO_INT, infoOf(info)); }
export function vint_fcvt_h(env: usize, a: v128, info: v128): v128 { return map1<u16>(env, a, FROM_INT, infoOf(info)); }
export function vint_fcvt_s(env: usize, a: v128, info: v128): v128 { return map1<u32>(env, a, FROM_INT, infoOf(info)); }
export function vint_fcvt_d(env: usize, a: v128, info: v128): v128 { return map1<u64>(env, a, FROM_INT, infoOf(info)); }
