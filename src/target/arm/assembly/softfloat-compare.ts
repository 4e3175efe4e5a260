// Floating-point comparison, minimum and maximum.
import {
  IOC, ZERO, flushes, getFpcr, infinity, isNaN_, isSNaN, magnitude, processNaNs, raise, signed, signOf, unpack,
} from './softfloat';

/** Outcome of a comparison. */
export const LESS: i32 = 0;
export const EQUAL: i32 = 1;
export const GREATER: i32 = 2;
export const UNORDERED: i32 = 3;

/** Order of two patterns that are no NaNs and not flushed. */
@inline function order<T>(a: u64, b: u64): i32 {
  const ma = magnitude<T>(a), mb = magnitude<T>(b), sa = signOf<T>(a), sb = signOf<T>(b);
  if (!(ma | mb) || a == b) return EQUAL;
  if (sa != sb) return sa ? LESS : GREATER;
  return (ma < mb) == !sa ? LESS : GREATER;
}

/** x, or zero of its sign where FPCR flushes it. */
@inline function flushed<T>(env: usize, fpcr: u32, x: u64): u64 {
  return flushes<T>(fpcr) && unpack<T>(env, fpcr, x) == ZERO ? signed<T>(signOf<T>(x), 0) : x;
}

/** Compares; `quiet`: quiet NaNs raise nothing. */
export function fpCompare<T>(env: usize, a: u64, b: u64, quiet: bool): i32 {
  const fpcr = getFpcr(env);
  a = flushed<T>(env, fpcr, a);
  b = flushed<T>(env, fpcr, b);
  if (isNaN_<T>(a) || isNaN_<T>(b)) {
    if (!quiet || isSNaN<T>(a) || isSNaN<T>(b)) raise(env, IOC);
    return UNORDERED;
  }
  return order<T>(a, b);
}

/** FCMP, FCMPE as x: NZCV are the flags of the 64-bit subtraction x - 1. */
@inline export function fpCompareOrder<T>(env: usize, a: u64, b: u64, quiet: bool): u64 {
  const c = fpCompare<T>(env, a, b, quiet);
  return c == UNORDERED ? 0x8000000000000000 : <u64>c;
}

/** FCMEQ, FCMGE, FCMGT: whether the comparison holds. Only equality is quiet. */
@inline export function fpCompareEQ<T>(env: usize, a: u64, b: u64): bool { return fpCompare<T>(env, a, b, true) == EQUAL; }
@inline export function fpCompareGE<T>(env: usize, a: u64, b: u64): bool { const c = fpCompare<T>(env, a, b, false); return c == EQUAL || c == GREATER; }
@inline export function fpCompareGT<T>(env: usize, a: u64, b: u64): bool { return fpCompare<T>(env, a, b, false) == GREATER; }

/** FMAX, FMIN. */
export function fpMinMax<T>(env: usize, a: u64, b: u64, isMax: bool): u64 {
  const fpcr = getFpcr(env);
  if (isNaN_<T>(a) || isNaN_<T>(b)) {
    const ka = unpack<T>(env, fpcr, a), kb = unpack<T>(env, fpcr, b);
    return processNaNs<T>(env, fpcr, ka, a, kb, b);
  }
  a = flushed<T>(env, fpcr, a);
  b = flushed<T>(env, fpcr, b);
  // -0 is below +0 here.
  if (!(magnitude<T>(a) | magnitude<T>(b))) return isMax ? a & b : a | b;
  return (order<T>(a, b) == GREATER) == isMax ? a : b;
}

/** FMAXNM, FMINNM: a quiet NaN against a number gives the number. */
export function fpMinMaxNum<T>(env: usize, a: u64, b: u64, isMax: bool): u64 {
  const missing = signed<T>(<u64>isMax, infinity<T>());
  const na = isNaN_<T>(a), nb = isNaN_<T>(b);
  if (na && !nb && !isSNaN<T>(a)) a = missing;
  else if (nb && !na && !isSNaN<T>(b)) b = missing;
  return fpMinMax<T>(env, a, b, isMax);
}
