// Reciprocal and reciprocal square root estimates (Arm ARM FPRecipEstimate, FPRSqrtEstimate, FPRecpX and the integer forms).
import {
  DZC, INF, QNAN, UFC, ZERO, bias, expMax, flushes, fracBits, getFpcr, infinity, invalid, magnitude, overflow, processNaN, raise, rounding, signed,
  uExp, uSig, uSign, unpack,
} from './softfloat';

/** 1/a: a in 256…511 stands for a/512, the result in 256…511 for r/256. */
function recipEstimate(a: u32): u32 { return ((1 << 19) / (a * 2 + 1) + 1) >> 1; }

/** 1/√a: a in 128…511 stands for a/512, the result in 256…511 for r/256. */
function rsqrtEstimate(a: u32): u32 {
  a = a < 256 ? a * 2 + 1 : ((a & ~1) + 1) * 2;
  // The greatest b with a × b² < 2^28, at least 512.
  const b = <u32>sqrt<f64>(<f64>(((1 << 28) - 1) / a));
  return (max(b, 512) + 1) >> 1;
}

/** FRECPE. */
export function fpRecipEstimate<T>(env: usize, a: u64): u64 {
  const fpcr = getFpcr(env), kind = unpack<T>(env, fpcr, a), sign = uSign, exp = uExp;
  if (kind >= QNAN) return processNaN<T>(env, fpcr, kind, a);
  if (kind == INF) return signed<T>(sign, 0);
  if (kind == ZERO) { raise(env, DZC); return signed<T>(sign, infinity<T>()); }
  if (exp < -bias<T>() - 1) return overflow<T>(env, rounding(fpcr), sign);
  if (flushes<T>(fpcr) && exp >= bias<T>() - 1) { raise(env, UFC); return signed<T>(sign, 0); }
  const r = <u64>recipEstimate(<u32>(uSig >> 55)) << (fracBits<T>() - 8);
  const e = bias<T>() - 1 - exp;
  return signed<T>(sign, e > 0 ? (<u64>(e - 1) << fracBits<T>()) + r : r >> (1 - e));
}

/** FRSQRTE. */
export function fpRSqrtEstimate<T>(env: usize, a: u64): u64 {
  const fpcr = getFpcr(env), kind = unpack<T>(env, fpcr, a);
  if (kind >= QNAN) return processNaN<T>(env, fpcr, kind, a);
  if (kind == ZERO) { raise(env, DZC); return signed<T>(uSign, infinity<T>()); }
  if (uSign) return invalid<T>(env);
  if (kind == INF) return 0;
  const e = uExp + bias<T>();
  const r = rsqrtEstimate(<u32>(uSig >> (e & 1 ? 56 : 55)));
  return <u64>((3 * bias<T>() - 1 - e) / 2) << fracBits<T>() | <u64>(r & 255) << (fracBits<T>() - 8);
}

/** FRECPX: a power of two near 1/a. */
export function fpRecpX<T>(env: usize, a: u64): u64 {
  const fpcr = getFpcr(env), kind = unpack<T>(env, fpcr, a), sign = a & signed<T>(1, 0);
  if (kind >= QNAN) return processNaN<T>(env, fpcr, kind, a);
  const e = magnitude<T>(a) >> fracBits<T>();
  return sign | (e == 0 ? <u64>(expMax<T>() - 1) : <u64>expMax<T>() ^ e) << fracBits<T>();
}

/** URECPE on one word. */
export function unsignedRecipEstimate(a: u32): u32 { return a >> 31 ? recipEstimate(a >> 23) << 23 : 0xffffffff; }
/** URSQRTE on one word. */
export function unsignedRSqrtEstimate(a: u32): u32 { return a >> 30 ? rsqrtEstimate(a >> 23) << 23 : 0xffffffff; }
