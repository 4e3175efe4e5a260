// Floating-point core: formats, FPCR and FPSR, unpacking, NaN rules, rounding. Arm ARM, shared/functions/float.
//
// A format is named by the unsigned type of its size: u16 = half, u32 = single, u64 = double precision. Values travel
// as zero-extended u64 bit patterns.
import { FPCR, FPSR } from './offsets';

/** FPSR bits. */
export const IOC: u32 = 1 << 0;
export const DZC: u32 = 1 << 1;
export const OFC: u32 = 1 << 2;
export const UFC: u32 = 1 << 3;
export const IXC: u32 = 1 << 4;
export const IDC: u32 = 1 << 7;
export const QC: u32 = 1 << 27;

/** FPCR bits. */
export const FZ16: u32 = 1 << 19;
export const RMODE: u32 = 3 << 22;
export const FZ: u32 = 1 << 24;
export const DN: u32 = 1 << 25;
export const AHP: u32 = 1 << 26;

/** Rounding: FPCR.RMode's four, then ties away from zero (FCVTA, FRINTA) and to odd (FCVTXN). */
export const TIEEVEN: i32 = 0;
export const POSINF: i32 = 1;
export const NEGINF: i32 = 2;
export const ZERO_: i32 = 3;
export const TIEAWAY: i32 = 4;
export const ODD: i32 = 5;

/** Kinds of value; NaNs are the greatest. */
export const ZERO: i32 = 0;
export const NORMAL: i32 = 1;
export const INF: i32 = 2;
export const QNAN: i32 = 3;
export const SNAN: i32 = 4;

@inline export function getFpcr(env: usize): u32 { return load<u32>(env + FPCR); }
@inline export function raise(env: usize, flags: u32): void { store<u32>(env + FPSR, load<u32>(env + FPSR) | flags); }
@inline export function rounding(fpcr: u32): i32 { return <i32>(fpcr >> 22) & 3; }
/** Rounding to nearest without flushing, and inexact results change nothing: native arithmetic gives normal results and their flags. */
@inline export function isQuiet(env: usize, fpcr: u32): bool { return !(fpcr & (RMODE | FZ)) && (load<u32>(env + FPSR) & IXC) != 0; }
/** The same with flushing allowed: operands and results must not be denormal. */
@inline export function isQuietFlushing(env: usize, fpcr: u32): bool { return !(fpcr & RMODE) && (load<u32>(env + FPSR) & IXC) != 0; }

@inline export function fracBits<T>(): i32 { return sizeof<T>() == 2 ? 10 : sizeof<T>() == 4 ? 23 : 52; }
/** The exponent field with all bits set. */
@inline export function expMax<T>(): i32 { return sizeof<T>() == 2 ? 31 : sizeof<T>() == 4 ? 255 : 2047; }
@inline export function bias<T>(): i32 { return expMax<T>() >> 1; }
@inline export function signOf<T>(x: u64): u64 { return x >> (8 * sizeof<T>() - 1); }
@inline export function signed<T>(sign: u64, magnitude: u64): u64 { return sign << (8 * sizeof<T>() - 1) | magnitude; }
@inline export function magnitude<T>(x: u64): u64 { return x & ((<u64>1 << (8 * sizeof<T>() - 1)) - 1); }
@inline export function infinity<T>(): u64 { return <u64>expMax<T>() << fracBits<T>(); }
@inline export function maxNormal<T>(): u64 { return infinity<T>() - 1; }
@inline export function quietBit<T>(): u64 { return <u64>1 << (fracBits<T>() - 1); }
@inline export function defaultNaN<T>(): u64 { return infinity<T>() | quietBit<T>(); }
@inline export function isNaN_<T>(x: u64): bool { return magnitude<T>(x) > infinity<T>(); }
@inline export function isSNaN<T>(x: u64): bool { return isNaN_<T>(x) && !(x & quietBit<T>()); }
/** The value 1.0 with its exponent moved by `e`. */
@inline export function powerOfTwo<T>(e: i32): u64 { return <u64>(bias<T>() + e) << fracBits<T>(); }
/** Whether denormals of this format are flushed. */
@inline export function flushes<T>(fpcr: u32): bool { return (fpcr & (sizeof<T>() == 2 ? FZ16 : FZ)) != 0; }

/** The last operand unpacked: value = (-1)^sign × sig / 2^63 × 2^exp, with bit 63 of sig set (kind NORMAL only). */
export let uSign: u64 = 0;
export let uExp: i32 = 0;
export let uSig: u64 = 0;

/** Unpacks a value; returns its kind. Denormals flush to zero as FPCR says (Arm ARM FPUnpack). */
export function unpack<T>(env: usize, fpcr: u32, x: u64): i32 {
  uSign = signOf<T>(x);
  const e = <i32>(x >> fracBits<T>()) & expMax<T>();
  const f = x & ((<u64>1 << fracBits<T>()) - 1);
  if (e == expMax<T>()) return f == 0 ? INF : f & quietBit<T>() ? QNAN : SNAN;
  if (e == 0) {
    if (f == 0) return ZERO;
    if (flushes<T>(fpcr)) {
      if (sizeof<T>() != 2) raise(env, IDC);
      return ZERO;
    }
    const n = <i32>clz(f);
    uSig = f << n;
    uExp = 64 - n - bias<T>() - fracBits<T>();
    return NORMAL;
  }
  uSig = <u64>1 << 63 | f << (63 - fracBits<T>());
  uExp = e - bias<T>();
  return NORMAL;
}

/** x >> n with the bits shifted out or-ed into bit 0; n ≥ 0. */
@inline export function shrJam(x: u64, n: i32): u64 {
  return n == 0 ? x : n > 63 ? <u64>(x != 0) : x >> n | <u64>(x << (64 - n) != 0);
}

/** Whether a value q + rem/2^shift is rounded up in magnitude. */
@inline export function roundsUp(mode: i32, sign: u64, q: u64, rem: u64, half: u64): bool {
  if (mode == TIEEVEN) return rem > half || (rem == half && (q & 1) != 0);
  if (mode == TIEAWAY) return rem >= half;
  if (mode == POSINF) return rem != 0 && sign == 0;
  if (mode == NEGINF) return rem != 0 && sign != 0;
  return false;
}

/** Result of an overflow: infinity, or the largest number, by rounding mode. */
export function overflow<T>(env: usize, mode: i32, sign: u64): u64 {
  raise(env, OFC | IXC);
  const toInf = mode == TIEEVEN || mode == TIEAWAY || mode == (sign ? NEGINF : POSINF);
  return signed<T>(sign, toInf ? infinity<T>() : maxNormal<T>());
}

/**
 * Rounds (-1)^sign × sig / 2^63 × 2^exp to the format, bit 63 of sig set, bit 0 sticky (Arm ARM FPRound).
 * Tininess is detected before rounding. `flush`: results below the normal range become zero.
 */
export function round<T>(env: usize, mode: i32, flush: bool, sign: u64, exp: i32, sig: u64): u64 {
  const shift = 63 - fracBits<T>();
  let biased = exp + bias<T>();
  const tiny = biased < 1;
  if (tiny) {
    if (flush) { raise(env, UFC); return signed<T>(sign, 0); }
    sig = shrJam(sig, 1 - biased);
    biased = 1;
  }
  let q = sig >> shift;
  const rem = sig & ((<u64>1 << shift) - 1);
  if (roundsUp(mode, sign, q, rem, <u64>1 << (shift - 1))) q++;
  else if (mode == ODD && rem) q |= 1;
  // The hidden bit of q, where there is one, adds to the exponent field.
  if (biased >= expMax<T>()) return overflow<T>(env, mode, sign);
  const r = (<u64>(biased - 1) << fracBits<T>()) + q;
  if (r >= infinity<T>()) return overflow<T>(env, mode, sign);
  if (rem) raise(env, tiny ? UFC | IXC : IXC);
  return signed<T>(sign, r);
}

/** `round` as arithmetic uses it: mode and flushing from FPCR. */
@inline export function roundFpcr<T>(env: usize, fpcr: u32, sign: u64, exp: i32, sig: u64): u64 {
  return round<T>(env, rounding(fpcr), flushes<T>(fpcr), sign, exp, sig);
}

/** Invalid operation: the default NaN. */
export function invalid<T>(env: usize): u64 {
  raise(env, IOC);
  return defaultNaN<T>();
}

/** A NaN operand as a result (Arm ARM FPProcessNaN). */
export function processNaN<T>(env: usize, fpcr: u32, kind: i32, x: u64): u64 {
  if (kind == SNAN) raise(env, IOC);
  return fpcr & DN ? defaultNaN<T>() : x | quietBit<T>();
}

/** The NaN two operands give, one of which is one (FPProcessNaNs): signalling ones first, then the first. */
export function processNaNs<T>(env: usize, fpcr: u32, ka: i32, a: u64, kb: i32, b: u64): u64 {
  if (ka == SNAN || (ka == QNAN && kb != SNAN)) return processNaN<T>(env, fpcr, ka, a);
  return processNaN<T>(env, fpcr, kb, b);
}

/** Three operands (FPProcessNaNs3). */
export function processNaNs3<T>(env: usize, fpcr: u32, ka: i32, a: u64, kb: i32, b: u64, kc: i32, c: u64): u64 {
  if (ka == SNAN) return processNaN<T>(env, fpcr, ka, a);
  if (kb == SNAN) return processNaN<T>(env, fpcr, kb, b);
  if (kc == SNAN) return processNaN<T>(env, fpcr, kc, c);
  if (ka == QNAN) return processNaN<T>(env, fpcr, ka, a);
  return kb == QNAN ? processNaN<T>(env, fpcr, kb, b) : processNaN<T>(env, fpcr, kc, c);
}

/** High half of a 64 × 64 bit product; the low half is left in `mulLo`. */
export let mulLo: u64 = 0;
export function mulHi(a: u64, b: u64): u64 {
  const al = a & 0xffffffff, ah = a >> 32, bl = b & 0xffffffff, bh = b >> 32;
  const ll = al * bl, m = ah * bl + (ll >> 32), n = al * bh + (m & 0xffffffff);
  mulLo = n << 32 | (ll & 0xffffffff);
  return ah * bh + (m >> 32) + (n >> 32);
}

/** A comparison's result as vector instructions give it: all bits of the format, or none. */
@inline export function truth<T>(holds: bool): u64 { return holds ? ~(<u64>0) >> (64 - 8 * sizeof<T>()) : 0; }
