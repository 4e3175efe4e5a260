// Floating-point conversions: to and from integers and fixed point, to integral values, between formats.
import {
  AHP, DN, FZ, INF, IOC, IXC, NORMAL, QNAN, SNAN, POSINF, NEGINF, TIEAWAY, TIEEVEN, UFC, ZERO, ZERO_, bias, defaultNaN, flushes, fracBits, getFpcr,
  infinity, isNaN_, isQuiet, magnitude, processNaN, quietBit, raise, round, rounding, roundsUp, shrJam, signed, uExp, uSig, uSign, unpack,
} from './softfloat';

// Conversions take an `info` operand, a constant of the instruction:
//   bits 2…0 rounding mode, 7 = FPCR's;  bit 3 unsigned;  bit 4 raise inexact (FRINTX)
//   bits 14…8 fraction bits;  bits 22…16 bits of the integer
const MODE_FPCR: i32 = 7;
@inline function modeOf(info: u64, fpcr: u32): i32 { const m = <i32>info & 7; return m == MODE_FPCR ? rounding(fpcr) : m; }
@inline function isUnsigned(info: u64): bool { return (info >> 3 & 1) != 0; }
@inline function fbitsOf(info: u64): i32 { return <i32>(info >> 8) & 127; }
@inline function sizeOf(info: u64): i32 { return <i32>(info >> 16) & 127; }

/** Whether the last `toInteger` was inexact. */
let inexact: bool = false;
/** sig / 2^63 × 2^exp rounded to an integer of at most 64 bits; exp < 64. */
function toInteger(mode: i32, sign: u64, exp: i32, sig: u64): u64 {
  inexact = false;
  if (exp == 63) return sig;
  const shift = 63 - exp;
  let q: u64, rem: u64, half: u64;
  if (shift > 64) { q = 0; rem = 1; half = 2; }
  else if (shift == 64) { q = 0; rem = sig; half = <u64>1 << 63; }
  else { q = sig >> shift; rem = sig << (64 - shift); half = <u64>1 << 63; }
  inexact = rem != 0;
  return roundsUp(mode, sign, q, rem, half) ? q + 1 : q;
}

/** `info` of FCVTZS to a 64-bit register: what C's conversions are. */
const TRUNCATE_TO_I64: u64 = 64 << 16 | <u64>ZERO_;

/** Float to integer or fixed point, saturating (Arm ARM FPToFixed). The result has `sizeOf(info)` bits, zero-extended. */
export function fpToFixed<T>(env: usize, a: u64, info: u64): u64 {
  const fpcr = getFpcr(env), bits = sizeOf(info);
  if (sizeof<T>() == 8 && info == TRUNCATE_TO_I64 && !(fpcr & FZ)) {
    const x = reinterpret<f64>(a);
    if (abs<f64>(x) < 9223372036854775808.0) {
      const r = <i64>x;
      if (<f64>r != x) raise(env, IXC);
      return <u64>r;
    }
  }
  const kind = unpack<T>(env, fpcr, a), sign = uSign, exp = uExp + fbitsOf(info);
  if (kind >= QNAN) { raise(env, IOC); return 0; }
  if (kind == ZERO) return 0;
  const all = ~(<u64>0) >> (64 - bits);
  // Largest magnitude of this sign.
  const limit = isUnsigned(info) ? (sign ? 0 : all) : (all >> 1) + sign;
  if (kind == NORMAL && exp < bits) {
    const q = toInteger(modeOf(info, fpcr), sign, exp, uSig);
    if (q <= limit) {
      if (inexact) raise(env, IXC);
      return (sign ? 0 - q : q) & all;
    }
  }
  raise(env, IOC);
  return (sign ? 0 - limit : limit) & all;
}

/** FJCVTZS: the low 32 bits of the truncated value; bit 32 = the conversion was exact (PSTATE.Z). */
export function fpToFixedJS(env: usize, a: u64): u64 {
  const kind = unpack<u64>(env, getFpcr(env), a), sign = uSign, exp = uExp;
  // -0 and what was flushed are no exact integers.
  if (kind == ZERO) return <u64>(a == 0) << 32;
  if (kind != NORMAL || exp > 83) { raise(env, IOC); return 0; }
  const q = exp < 64 ? toInteger(ZERO_, sign, exp, uSig) : uSig << (exp - 63);
  const r = <u64><u32>(sign ? 0 - q : q);
  if (exp > 62 || q > 0x7fffffff + sign) { raise(env, IOC); return r; }
  if (inexact) { raise(env, IXC); return r; }
  return r | <u64>1 << 32;
}

/** Integer or fixed point (extended to 64 bits) to float (FixedToFP). */
export function fixedToFp<T>(env: usize, x: u64, info: u64): u64 {
  if (x == 0) return 0;
  const fpcr = getFpcr(env);
  const sign = isUnsigned(info) ? 0 : x >> 63, m = sign ? 0 - x : x, n = <i32>clz(m);
  return round<T>(env, modeOf(info, fpcr), flushes<T>(fpcr), sign, 63 - n - fbitsOf(info), m << n);
}

/** A float with an integral value, from its sign and magnitude (below 2^64, exact). */
function fromInteger<T>(sign: u64, q: u64): u64 {
  if (!q) return signed<T>(sign, 0);
  const n = <i32>clz(q);
  return signed<T>(sign, (<u64>(62 - n + bias<T>()) << fracBits<T>()) + (q << n >> (63 - fracBits<T>())));
}

/** Rounds to an integral value (FPRoundInt). */
export function fpRoundInt<T>(env: usize, a: u64, info: u64): u64 {
  const fpcr = getFpcr(env), mode = modeOf(info, fpcr), exact = (info >> 4 & 1) != 0;
  if (sizeof<T>() > 2 && !(fpcr & FZ) && mode < TIEAWAY && !isNaN_<T>(a)) {
    let r: u64;
    if (sizeof<T>() == 8) {
      const x = reinterpret<f64>(a);
      r = reinterpret<u64>(mode == TIEEVEN ? nearest<f64>(x) : mode == POSINF ? ceil<f64>(x) : mode == NEGINF ? floor<f64>(x) : trunc<f64>(x));
    } else {
      const x = reinterpret<f32>(<u32>a);
      r = <u64>reinterpret<u32>(mode == TIEEVEN ? nearest<f32>(x) : mode == POSINF ? ceil<f32>(x) : mode == NEGINF ? floor<f32>(x) : trunc<f32>(x));
    }
    if (exact && r != a) raise(env, IXC);
    return r;
  }
  const kind = unpack<T>(env, fpcr, a), sign = uSign, exp = uExp;
  if (kind >= QNAN) return processNaN<T>(env, fpcr, kind, a);
  if (kind == ZERO) return signed<T>(sign, 0);
  if (kind == INF || exp >= fracBits<T>()) return a;
  const q = toInteger(mode, sign, exp, uSig);
  if (exact && inexact) raise(env, IXC);
  return fromInteger<T>(sign, q);
}

/** FRINT32x, FRINT64x: integral values that fit `sizeOf(info)` bits, else the smallest of them (FPRoundIntN). */
export function fpRoundIntN<T>(env: usize, a: u64, info: u64): u64 {
  const fpcr = getFpcr(env), bits = sizeOf(info);
  const kind = unpack<T>(env, fpcr, a), sign = uSign, exp = uExp;
  if (kind == ZERO) return signed<T>(sign, 0);
  if (kind == NORMAL && exp < bits) {
    const q = toInteger(modeOf(info, fpcr), sign, exp, uSig);
    if (q <= (<u64>1 << (bits - 1)) - 1 + sign) {
      if (inexact) raise(env, IXC);
      return fromInteger<T>(sign, q);
    }
  }
  raise(env, IOC);
  return signed<T>(1, <u64>(bias<T>() + bits - 1) << fracBits<T>());
}

/** Rounds to the alternative half-precision format: no infinities, overflow is invalid. */
function roundAlternative(env: usize, mode: i32, sign: u64, exp: i32, sig: u64): u64 {
  let biased = exp + 15;
  const tiny = biased < 1;
  if (tiny) { sig = shrJam(sig, 1 - biased); biased = 1; }
  const rem = sig & 0x1fffffffffffff;
  let q = sig >> 53;
  if (roundsUp(mode, sign, q, rem, 0x10000000000000)) q++;
  const r = (<u64>(biased - 1) << 10) + q;
  if (biased > 31 || r > 0x7fff) { raise(env, IOC); return signed<u16>(sign, 0x7fff); }
  if (rem) raise(env, tiny ? UFC | IXC : IXC);
  return signed<u16>(sign, r);
}

/** Conversion between formats (FPConvert). FZ16 does not apply; `mode` as in `info`. */
export function fpConvert<From, To>(env: usize, a: u64, mode: i32): u64 {
  const fpcr = getFpcr(env);
  if (sizeof<From>() == 4 && sizeof<To>() == 8) {
    if (!(fpcr & FZ) && !isNaN_<From>(a)) return reinterpret<u64>(<f64>reinterpret<f32>(<u32>a));
  } else if (sizeof<From>() == 8 && sizeof<To>() == 4) {
    if (mode == MODE_FPCR && isQuiet(env, fpcr)) {
      const r = <u64>reinterpret<u32>(<f32>reinterpret<f64>(a));
      if (magnitude<To>(r) - 0x00800001 < infinity<To>() - 0x00800001) return r;
    }
  }
  const alternative = (fpcr & AHP) != 0;
  let kind = unpack<From>(env, sizeof<From>() == 2 ? 0 : fpcr, a), exp = uExp, sig = uSig;
  const sign = uSign;
  if (sizeof<From>() == 2 && alternative && kind >= INF) {
    // The greatest exponent is an ordinary one.
    kind = NORMAL;
    exp = 16;
    sig = <u64>1 << 63 | (a & 0x3ff) << 53;
  }
  if (kind >= QNAN) {
    if (kind == SNAN || (sizeof<To>() == 2 && alternative)) raise(env, IOC);
    if (sizeof<To>() == 2 && alternative) return signed<To>(sign, 0);
    if (fpcr & DN) return defaultNaN<To>();
    const payload = a & ((<u64>1 << fracBits<From>()) - 1), up = fracBits<To>() - fracBits<From>();
    return signed<To>(sign, infinity<To>() | quietBit<To>() | (up > 0 ? payload << up : payload >> -up));
  }
  if (kind == ZERO) return signed<To>(sign, 0);
  if (kind == INF) {
    if (sizeof<To>() == 2 && alternative) { raise(env, IOC); return signed<To>(sign, 0x7fff); }
    return signed<To>(sign, infinity<To>());
  }
  const m = mode == MODE_FPCR ? rounding(fpcr) : mode;
  if (sizeof<To>() == 2 && alternative) return roundAlternative(env, m, sign, exp, sig);
  return round<To>(env, m, sizeof<To>() != 2 && flushes<To>(fpcr), sign, exp, sig);
}
