// Floating-point arithmetic in all three formats: add, sub, mul, div, sqrt, fused multiply-add, reciprocal steps.
// Each begins with a native path for results that host arithmetic gives exactly as Arm does.
import {
  DZC, FZ, INF, IXC, NEGINF, QNAN, RMODE, ZERO, getFpcr, infinity, invalid, magnitude, mulHi, mulLo, powerOfTwo, processNaN, processNaNs,
  processNaNs3, POSINF, quietBit, raise, roundFpcr, rounding, roundsUp, shrJam, signed, TIEEVEN, uExp, uSig, uSign, unpack, ZERO_,
} from './softfloat';
import { FPSR } from './offsets';

@inline const MIN_NORMAL_D: u64 = 0x0010000000000000;
@inline const MIN_NORMAL_S: u64 = 0x00800000;

@inline function bitsD(x: f64): u64 { return reinterpret<u64>(x); }
@inline function bitsS(x: f32): u64 { return <u64>reinterpret<u32>(x); }
@inline function toD(x: u64): f64 { return reinterpret<f64>(x); }
@inline function toS(x: u64): f32 { return reinterpret<f32>(<u32>x); }
@inline function inexactKnown(env: usize): bool { return (load<u32>(env + FPSR) & IXC) != 0; }
@inline function nearest(fpcr: u32): bool { return !(fpcr & RMODE); }
@inline function isDenormal<T>(x: u64): bool { return magnitude<T>(x) - 1 < (sizeof<T>() == 8 ? MIN_NORMAL_D : MIN_NORMAL_S) - 1; }
/** With flushing, native arithmetic needs operands that are not flushed. */
@inline function unflushed<T>(fpcr: u32, a: u64, b: u64): bool { return !(fpcr & FZ) || !(isDenormal<T>(a) || isDenormal<T>(b)); }

/** Strictly between the smallest normal number and infinity: neither underflow nor overflow can have happened. */
@inline function isSafe<T>(r: u64): bool {
  const min = sizeof<T>() == 8 ? MIN_NORMAL_D : MIN_NORMAL_S;
  return magnitude<T>(r) - (min + 1) < infinity<T>() - (min + 1);
}

/**
 * A result rounded to nearest, as rounding mode `mode` has it: `side` has the sign of exact value minus `r`. Inexactness is
 * recorded. Only where neither value is near the format's ends (`isRoom`), or the result is exact.
 */
@inline function redirect<T>(env: usize, mode: i32, r: u64, side: f64): u64 {
  if (side == 0) return r;
  if (!inexactKnown(env)) raise(env, IXC);
  if (mode == TIEEVEN) return r;
  const negative = r >> (8 * sizeof<T>() - 1) != 0, up = side > 0;
  // One unit away from zero or towards it, where the exact value lies on the side that the mode rounds to.
  if (mode == ZERO_) return up == negative ? r - 1 : r;
  if (up != (mode == POSINF)) return r;
  return up == negative ? r - 1 : r + 1;
}
/** Strictly between the smallest normal and the largest number: the neighbours are normal and finite. */
@inline function isRoom<T>(r: u64): bool {
  const min = sizeof<T>() == 8 ? MIN_NORMAL_D : MIN_NORMAL_S;
  return magnitude<T>(r) - (min + 1) < infinity<T>() - 1 - (min + 1);
}
/** Below a quarter of the format's range: nothing in TwoSum overflows. */
@inline function isTame<T>(a: u64, b: u64): bool {
  const end = infinity<T>() - (sizeof<T>() == 8 ? 2 * MIN_NORMAL_D : 2 * MIN_NORMAL_S);
  return magnitude<T>(a) < end && magnitude<T>(b) < end;
}
/** Error of a double-precision product: a × b = uh + the result (Dekker, with Veltkamp's split; moderate exponents). */
@inline function productError(a: f64, b: f64, uh: f64): f64 {
  const ta = a * 134217729, tb = b * 134217729, ah = ta - (ta - a), al = a - ah, bh = tb - (tb - b), bl = b - bh;
  return ((ah * bh - uh) + ah * bl + al * bh) + al * bl;
}

// Half precision on native doubles: sums and products of normal halves are exact there, quotients and roots nearer to no
// 12-bit number than the exact ones are.

@inline function isNormalH(x: u64): bool { return magnitude<u16>(x) - 0x400 < 0x7800; }
@inline function fromH(x: u64): f64 { return toD((x & 0x8000) << 48 | ((x & 0x7fff) + (1008 << 10)) << 42); }
/** 2^-14 ≤ |v| < 65504: no underflow, no overflow in any mode. */
@inline function fitsH(v: f64): bool { return magnitude<u64>(bitsD(v)) - 0x3f10000000000000 < 0x40effc0000000000 - 0x3f10000000000000; }
function roundH(env: usize, fpcr: u32, v: f64): u64 {
  const b = bitsD(v), m = magnitude<u64>(b), rem = m & ((<u64>1 << 42) - 1);
  let q = (m >> 42) - (1008 << 10);
  if (rem) {
    if (roundsUp(rounding(fpcr), b >> 63, q, rem, <u64>1 << 41)) q++;
    raise(env, IXC);
  }
  return b >> 63 << 15 | q;
}

// --- addition ----------------------------------------------------------------------------------------------------------

/** a + b of normal operands, rounded. */
function addUnpacked<T>(env: usize, fpcr: u32, sa: u64, ea: i32, fa: u64, sb: u64, eb: i32, fb: u64): u64 {
  if (ea < eb || (ea == eb && fa < fb)) {
    const s = sa, e = ea, f = fa;
    sa = sb; ea = eb; fa = fb;
    sb = s; eb = e; fb = f;
  }
  const x = fa >> 1, y = shrJam(fb >> 1, ea - eb);
  const sum = sa == sb ? x + y : x - y;
  if (sum == 0) return signed<T>(<u64>(rounding(fpcr) == NEGINF), 0);
  const n = <i32>clz(sum);
  return roundFpcr<T>(env, fpcr, sa, ea + 1 - n, sum << n);
}

/** a + b, or a - b with flip = 1. */
function addSlow<T>(env: usize, fpcr: u32, a: u64, b: u64, flip: u64): u64 {
  const ka = unpack<T>(env, fpcr, a), sa = uSign, ea = uExp, fa = uSig;
  const kb = unpack<T>(env, fpcr, b), sb = uSign ^ flip, eb = uExp, fb = uSig;
  if (max(ka, kb) >= QNAN) return processNaNs<T>(env, fpcr, ka, a, kb, b);
  if (ka == INF) return kb == INF && sa != sb ? invalid<T>(env) : signed<T>(sa, infinity<T>());
  if (kb == INF) return signed<T>(sb, infinity<T>());
  if (ka == ZERO && kb == ZERO) return signed<T>(sa == sb ? sa : <u64>(rounding(fpcr) == NEGINF), 0);
  if (ka == ZERO) return roundFpcr<T>(env, fpcr, sb, eb, fb);
  if (kb == ZERO) return roundFpcr<T>(env, fpcr, sa, ea, fa);
  return addUnpacked<T>(env, fpcr, sa, ea, fa, sb, eb, fb);
}

/** True when r is x + y rounded to nearest and is known exact, or inexactness is recorded already (Knuth's TwoSum). */
@inline function addIsDone<F>(env: usize, x: F, y: F, r: F): bool {
  if (inexactKnown(env)) return true;
  const t = r - x;
  return (x - (r - t)) + (y - t) == 0;
}

/** A finite sum; with flushing, one that is not flushed either: sums of numbers that are not denormal are zero only when exact. */
@inline function sumIsKept<T>(fpcr: u32, a: u64, b: u64, r: u64): bool {
  if (!(fpcr & FZ)) return magnitude<T>(r) < infinity<T>();
  return (isSafe<T>(r) || magnitude<T>(r) == 0) && unflushed<T>(fpcr, a, b);
}

@inline export function fpAdd<T>(env: usize, a: u64, b: u64, flip: u64): u64 {
  const fpcr = getFpcr(env);
  if (nearest(fpcr)) {
    if (sizeof<T>() == 8) {
      const x = toD(a), y = toD(b ^ flip << 63), r = x + y;
      if (sumIsKept<T>(fpcr, a, b, bitsD(r)) && addIsDone<f64>(env, x, y, r)) return bitsD(r);
    } else if (sizeof<T>() == 4) {
      const x = toS(a), y = toS(b ^ flip << 31), r = x + y;
      if (sumIsKept<T>(fpcr, a, b, bitsS(r)) && addIsDone<f32>(env, x, y, r)) return bitsS(r);
    }
  }
  // Other modes, and inexact results before IXC is set. Knuth's TwoSum has no error of its own.
  if (sizeof<T>() == 8) {
    const x = toD(a), y = toD(b ^ flip << 63), r = x + y, t = r - x;
    if (isRoom<T>(bitsD(r)) && isTame<T>(a, b) && unflushed<T>(fpcr, a, b)) return redirect<T>(env, rounding(fpcr), bitsD(r), (x - (r - t)) + (y - t));
  } else if (sizeof<T>() == 4) {
    const x = toS(a), y = toS(b ^ flip << 31), r = x + y, t = r - x;
    if (isRoom<T>(bitsS(r)) && isTame<T>(a, b) && unflushed<T>(fpcr, a, b)) return redirect<T>(env, rounding(fpcr), bitsS(r), (x - (r - t)) + (y - t));
  }
  else if (isNormalH(a) && isNormalH(b)) {
    const v = fromH(a) + fromH(b ^ flip << 15);
    if (fitsH(v)) return roundH(env, fpcr, v);
  }
  return addSlow<T>(env, fpcr, a, b, flip);
}

// --- multiplication, division, square root -------------------------------------------------------------------------------

/** a × b; `extended`: 0 × ∞ is ±2 (FMULX). */
function mulSlow<T>(env: usize, fpcr: u32, a: u64, b: u64, extended: bool): u64 {
  const ka = unpack<T>(env, fpcr, a), sa = uSign, ea = uExp, fa = uSig;
  const kb = unpack<T>(env, fpcr, b), s = sa ^ uSign, eb = uExp, fb = uSig;
  const top = max(ka, kb);
  if (top >= QNAN) return processNaNs<T>(env, fpcr, ka, a, kb, b);
  if (top == INF) {
    if (min(ka, kb) == ZERO) return extended ? signed<T>(s, powerOfTwo<T>(1)) : invalid<T>(env);
    return signed<T>(s, infinity<T>());
  }
  if (min(ka, kb) == ZERO) return signed<T>(s, 0);
  const hi = mulHi(fa, fb), n = <i32>clz(hi);
  const sig = n ? hi << 1 | mulLo >> 63 : hi, rest = n ? mulLo << 1 : mulLo;
  return roundFpcr<T>(env, fpcr, s, ea + eb + 1 - n, sig | <u64>(rest != 0));
}

@inline export function fpMul<T>(env: usize, a: u64, b: u64): u64 {
  const fpcr = getFpcr(env);
  if (nearest(fpcr)) {
    if (sizeof<T>() == 8) {
      const r = bitsD(toD(a) * toD(b));
      // The product of two 53-bit numbers is exact when they end in 53 zeros together.
      if (isSafe<T>(r) && unflushed<T>(fpcr, a, b) && (inexactKnown(env) || ctz(a | MIN_NORMAL_D) + ctz(b | MIN_NORMAL_D) > 52)) return r;
    } else if (sizeof<T>() == 4) {
      const x = toS(a), y = toS(b), f = x * y, r = bitsS(f);
      if (isSafe<T>(r) && unflushed<T>(fpcr, a, b) && (inexactKnown(env) || <f64>x * <f64>y == <f64>f)) return r;
    }
  }
  if (sizeof<T>() == 8) {
    const x = toD(a), y = toD(b), r = x * y;
    if (isModerate(a) && isModerate(b)) return redirect<T>(env, rounding(fpcr), bitsD(r), productError(x, y, r));
  } else if (sizeof<T>() == 4) {
    const p = <f64>toS(a) * <f64>toS(b), r = <f32>p;
    if (isRoom<T>(bitsS(r)) && unflushed<T>(fpcr, a, b)) return redirect<T>(env, rounding(fpcr), bitsS(r), p - <f64>r);
  }
  else if (isNormalH(a) && isNormalH(b)) {
    const v = fromH(a) * fromH(b);
    if (fitsH(v)) return roundH(env, fpcr, v);
  }
  return mulSlow<T>(env, fpcr, a, b, false);
}
export function fpMulX<T>(env: usize, a: u64, b: u64): u64 { return mulSlow<T>(env, getFpcr(env), a, b, true); }

/**
 * Significand, as `round` takes it, of an exact value that lies on the side `order` (-1, 0, 1) of its nearest 53-bit
 * approximation `m` (bit 52 set).
 */
@inline function besides(m: u64, order: i32): u64 { return (m << 11) + <u64>order; }
/** -1, 0 or 1 as hi1:lo1 is below, equal to or above hi2:lo2. */
@inline function compare128(hi1: u64, lo1: u64, hi2: u64, lo2: u64): i32 {
  return hi1 != hi2 ? (hi1 < hi2 ? -1 : 1) : lo1 == lo2 ? 0 : lo1 < lo2 ? -1 : 1;
}

function divSlow<T>(env: usize, fpcr: u32, a: u64, b: u64): u64 {
  const ka = unpack<T>(env, fpcr, a), sa = uSign, ea = uExp, fa = uSig >> 11;
  const kb = unpack<T>(env, fpcr, b), s = sa ^ uSign, eb = uExp, fb = uSig >> 11;
  if (max(ka, kb) >= QNAN) return processNaNs<T>(env, fpcr, ka, a, kb, b);
  if (ka == INF) return kb == INF ? invalid<T>(env) : signed<T>(s, infinity<T>());
  if (kb == INF) return signed<T>(s, 0);
  if (kb == ZERO) {
    if (ka == ZERO) return invalid<T>(env);
    raise(env, DZC);
    return signed<T>(s, infinity<T>());
  }
  if (ka == ZERO) return signed<T>(s, 0);
  // The native quotient of the significands, in (1/2, 2), is the nearest one; the exact one lies on the side where the remainder says.
  const q = bitsD(<f64>fa / <f64>fb), below = <i32>(1023 - (q >> 52));
  const m = (q & (MIN_NORMAL_D - 1)) | MIN_NORMAL_D;
  const shift = 52 + below;
  const hi = mulHi(m, fb), lo = mulLo;
  const sig = besides(m, compare128(fa >> (64 - shift), fa << shift, hi, lo)), n = <i32>clz(sig);
  return roundFpcr<T>(env, fpcr, s, ea - eb - below - n, sig << n);
}

/** A value with the sign of rest ÷ divisor. */
@inline function sideOf(rest: f64, divisor: f64): f64 { return divisor < 0 ? -rest : rest; }

@inline export function fpDiv<T>(env: usize, a: u64, b: u64): u64 {
  const fpcr = getFpcr(env);
  if (nearest(fpcr)) {
    if (sizeof<T>() == 8) {
      const r = bitsD(toD(a) / toD(b));
      if (isSafe<T>(r) && unflushed<T>(fpcr, a, b) && inexactKnown(env)) return r;
    } else if (sizeof<T>() == 4) {
      const x = toS(a), y = toS(b), f = x / y, r = bitsS(f);
      if (isSafe<T>(r) && unflushed<T>(fpcr, a, b) && (inexactKnown(env) || <f64>f * <f64>y == <f64>x)) return r;
    }
  }
  // The remainder a - r × b has the sign of the quotient's error times that of b. Both products are exact.
  if (sizeof<T>() == 8) {
    const x = toD(a), y = toD(b), r = x / y, p = r * y;
    if (isModerate(a) && isModerate(b)) return redirect<T>(env, rounding(fpcr), bitsD(r), sideOf((x - p) - productError(r, y, p), y));
  } else if (sizeof<T>() == 4) {
    const x = toS(a), y = toS(b), r = x / y;
    if (isRoom<T>(bitsS(r)) && unflushed<T>(fpcr, a, b)) return redirect<T>(env, rounding(fpcr), bitsS(r), sideOf(<f64>x - <f64>r * <f64>y, <f64>y));
  }
  else if (isNormalH(a) && isNormalH(b)) {
    const v = fromH(a) / fromH(b);
    if (fitsH(v)) return roundH(env, fpcr, v);
  }
  return divSlow<T>(env, fpcr, a, b);
}

function sqrtSlow<T>(env: usize, fpcr: u32, a: u64): u64 {
  const k = unpack<T>(env, fpcr, a), e = uExp;
  if (k >= QNAN) return processNaN<T>(env, fpcr, k, a);
  if (k == ZERO) return signed<T>(uSign, 0);
  if (uSign) return invalid<T>(env);
  if (k == INF) return infinity<T>();
  // x = radicand / 2^52 in [1, 4); its root's nearest 53-bit approximation, and the exact root's side of it.
  const x = uSig >> (e & 1 ? 10 : 11);
  const m = (bitsD(sqrt<f64>(<f64>x * 2.220446049250313e-16)) & (MIN_NORMAL_D - 1)) | MIN_NORMAL_D;
  const hi = mulHi(m, m), lo = mulLo;
  const sig = besides(m, compare128(x >> 12, x << 52, hi, lo)), n = <i32>clz(sig);
  return roundFpcr<T>(env, fpcr, 0, (e >> 1) - n, sig << n);
}

@inline export function fpSqrt<T>(env: usize, a: u64): u64 {
  const fpcr = getFpcr(env);
  // Positive normal numbers: the root is normal.
  if (sizeof<T>() == 8) {
    if (nearest(fpcr) && inexactKnown(env) && a - MIN_NORMAL_D < infinity<T>() - MIN_NORMAL_D) return bitsD(sqrt<f64>(toD(a)));
  } else if (sizeof<T>() == 4) {
    if (nearest(fpcr) && inexactKnown(env) && a - MIN_NORMAL_S < infinity<T>() - MIN_NORMAL_S) return bitsS(sqrt<f32>(toS(a)));
  }
  if (sizeof<T>() == 8) {
    const x = toD(a), r = sqrt<f64>(x), p = r * r;
    if (isModerate(a) && x > 0) return redirect<T>(env, rounding(fpcr), bitsD(r), (x - p) - productError(r, r, p));
  } else if (sizeof<T>() == 4) {
    const x = toS(a), r = sqrt<f32>(x);
    if (a - MIN_NORMAL_S < infinity<T>() - MIN_NORMAL_S) return redirect<T>(env, rounding(fpcr), bitsS(r), <f64>x - <f64>r * <f64>r);
  }
  else if (a - 0x400 < 0x7800) return roundH(env, fpcr, sqrt<f64>(fromH(a)));
  return sqrtSlow<T>(env, fpcr, a);
}

// --- fused multiply-add --------------------------------------------------------------------------------------------------

/** (c + a × b) × 2^scale with one rounding. NaNs: c, then a, then b (FPMulAdd). */
export function fmaSlow<T>(env: usize, fpcr: u32, c: u64, a: u64, b: u64, scale: i32): u64 {
  const kc = unpack<T>(env, fpcr, c), sc = uSign, ec = uExp, fc = uSig;
  const ka = unpack<T>(env, fpcr, a), sa = uSign, ea = uExp, fa = uSig;
  const kb = unpack<T>(env, fpcr, b), sp = sa ^ uSign, eb = uExp, fb = uSig;
  const top = max(ka, kb), low = min(ka, kb);
  const zeroTimesInf = top == INF && low == ZERO;
  if (max(top, kc) >= QNAN) {
    const nan = processNaNs3<T>(env, fpcr, kc, c, ka, a, kb, b);
    return kc == QNAN && zeroTimesInf ? invalid<T>(env) : nan;
  }
  if (zeroTimesInf) return invalid<T>(env);
  if (top == INF) return kc == INF && sc != sp ? invalid<T>(env) : signed<T>(sp, infinity<T>());
  if (kc == INF) return signed<T>(sc, infinity<T>());
  if (low == ZERO) {
    if (kc == ZERO) return signed<T>(sc == sp ? sc : <u64>(rounding(fpcr) == NEGINF), 0);
    return roundFpcr<T>(env, fpcr, sc, ec + scale, fc);
  }
  // The exact product: hi:lo / 2^127 × 2^ep, bit 127 set.
  let hi = mulHi(fa, fb), lo = mulLo, ep = ea + eb + 1, s = sp;
  if (!(hi >> 63)) { hi = hi << 1 | lo >> 63; lo <<= 1; ep--; }
  if (kc != ZERO) {
    // x is the larger of product and addend, y the smaller; one bit of headroom, lost bits of y or-ed into its last.
    let xh = hi, xl = lo, yh = fc, yl: u64 = 0, d = ep - ec;
    if (d < 0 || (d == 0 && hi < fc)) {
      xh = fc; xl = 0; yh = hi; yl = lo;
      d = -d; ep = ec; s = sc;
    }
    xl = xl >> 1 | xh << 63; xh >>= 1;
    d++;
    if (d > 127) { yl = 1; yh = 0; }
    else if (d > 63) { yl = shrJam(yh, d - 64) | <u64>(yl != 0); yh = 0; }
    else { yl = yh << (64 - d) | yl >> d | <u64>(yl << (64 - d) != 0); yh >>= d; }
    if (sc == sp) {
      lo = xl + yl;
      hi = xh + yh + <u64>(lo < xl);
    } else {
      lo = xl - yl;
      hi = xh - yh - <u64>(xl < yl);
      if (!(hi | lo)) return signed<T>(<u64>(rounding(fpcr) == NEGINF), 0);
    }
    ep++;
    if (!hi) { hi = lo; lo = 0; ep -= 64; }
    const n = <i32>clz(hi);
    if (n) { hi = hi << n | lo >> (64 - n); lo <<= n; ep -= n; }
  }
  return roundFpcr<T>(env, fpcr, s, ep + scale, hi | <u64>(lo != 0));
}

/** Exponents at which the error terms of `fmaNative` neither overflow nor underflow: 2^-400 … 2^400. */
@inline function isModerate(x: u64): bool { return magnitude<u64>(x) - 0x26f0000000000000 < 0x3200000000000000; }

/**
 * c + a × b on native doubles: the exact product and sums as pairs, their tail rounded to odd (Boldo and Melquiond,
 * Emulation of a FMA and correctly rounded sums, IEEE Transactions on Computers 57 (4), 2008); `side` has the sign of the error.
 */
let side: f64 = 0;
@inline function fmaNative(c: f64, a: f64, b: f64): f64 {
  const uh = a * b, ul = productError(a, b, uh);
  // th + tl = c + ul, vh + vl = uh + th (Knuth)
  const th = c + ul, x = th - c, tl = (c - (th - x)) + (ul - x);
  const vh = uh + th, y = vh - uh, vl = (uh - (vh - y)) + (th - y);
  // z = tl + vl, rounded to odd: an inexact even result moves one unit towards the error
  const s = tl + vl, w = s - tl, e = (tl - (s - w)) + (vl - w);
  let z = bitsD(s);
  if (e != 0 && !(z & 1)) z += (e > 0) == !(z >> 63) ? 1 : -1;
  const t = toD(z), r = vh + t, u = r - vh, rest = (vh - (r - u)) + (t - u);
  // What the tail lost is less than the last bit of any other error.
  side = rest != 0 ? rest : e;
  return r;
}

/** c + a × b. */
@inline export function fpMulAdd<T>(env: usize, c: u64, a: u64, b: u64): u64 {
  const fpcr = getFpcr(env);
  if (sizeof<T>() == 4) {
    if (unflushed<T>(fpcr, a, b) && unflushed<T>(fpcr, c, 0)) {
      // The product is exact in double precision; the sum, rounded, decides unless it is halfway between two singles.
      const p = <f64>toS(a) * <f64>toS(b), d = <f64>toS(c), sum = p + d, r = bitsS(<f32>sum);
      if ((bitsD(sum) & 0x1fffffff) != 0x10000000) {
        if (nearest(fpcr) && inexactKnown(env) && isSafe<T>(r)) return r;
        if (isRoom<T>(r)) {
          const t = sum - p, rest = sum - <f64>toS(r);
          return redirect<T>(env, rounding(fpcr), r, rest != 0 ? rest : (p - (sum - t)) + (d - t));
        }
      }
    }
  } else if (sizeof<T>() == 8) {
    if (isModerate(a) && isModerate(b) && isModerate(c)) {
      const r = bitsD(fmaNative(toD(c), toD(a), toD(b)));
      if (isRoom<T>(r)) return redirect<T>(env, rounding(fpcr), r, side);
    }
  } else if (isNormalH(a) && isNormalH(b) && isNormalH(c)) {
    const p = fromH(a) * fromH(b), d = fromH(c), v = p + d, t = v - p;
    if (fitsH(v) && (p - (v - t)) + (d - t) == 0) return roundH(env, fpcr, v);
  }
  return fmaSlow<T>(env, fpcr, c, a, b, 0);
}

/** Whether a × b is 0 × ∞, denormals flushed as FPCR says. */
function isZeroTimesInf<T>(env: usize, fpcr: u32, a: u64, b: u64): bool {
  const ka = unpack<T>(env, fpcr, a), kb = unpack<T>(env, fpcr, b);
  return max(ka, kb) == INF && min(ka, kb) == ZERO;
}
/** 2 - a × b (FRECPS). */
export function fpRecipStep<T>(env: usize, a: u64, b: u64): u64 {
  const fpcr = getFpcr(env), two = powerOfTwo<T>(1);
  return isZeroTimesInf<T>(env, fpcr, a, b) ? two : fmaSlow<T>(env, fpcr, two, a ^ signed<T>(1, 0), b, 0);
}
/** (3 - a × b) / 2 (FRSQRTS). */
export function fpRSqrtStep<T>(env: usize, a: u64, b: u64): u64 {
  const fpcr = getFpcr(env), half = quietBit<T>();
  if (isZeroTimesInf<T>(env, fpcr, a, b)) return powerOfTwo<T>(0) | half;
  return fmaSlow<T>(env, fpcr, powerOfTwo<T>(1) | half, a ^ signed<T>(1, 0), b, -1);
}
