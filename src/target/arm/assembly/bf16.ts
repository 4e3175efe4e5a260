// BFloat16 and half-precision widening products: conversion, dot products, matrix products, operands of FMLAL (Arm ARM, FEAT_BF16, FEAT_FHM).
import {
  DN, FZ16, INF, IOC, IXC, QNAN, SNAN, UFC, ZERO, flushes, getFpcr, overflow, raise, rounding, roundsUp, shrJam, uExp, uSig, uSign, unpack,
} from './softfloat';
import { spill1, spill2, spill3 } from './simd-lanes';

/** Single precision to BFloat16, rounded as FPCR says (FPConvertBF). */
function convert(env: usize, a: u64): u64 {
  const fpcr = getFpcr(env), kind = unpack<u32>(env, fpcr, a), sign = uSign << 15;
  if (kind >= QNAN) {
    if (kind == SNAN) raise(env, IOC);
    return fpcr & DN ? 0x7fc0 : a >> 16 | 0x40;
  }
  if (kind == ZERO) return sign;
  if (kind == INF) return sign | 0x7f80;
  const mode = rounding(fpcr);
  let biased = uExp + 127, sig = uSig;
  const tiny = biased < 1;
  if (tiny) {
    if (flushes<u32>(fpcr)) { raise(env, UFC); return sign; }
    sig = shrJam(sig, 1 - biased);
    biased = 1;
  }
  const rem = sig & 0x00ffffffffffffff, q = (sig >> 56) + <u64>roundsUp(mode, uSign, sig >> 56, rem, 0x0080000000000000);
  const r = (<u64>(biased - 1) << 7) + q;
  // The single-precision overflow has the same sign and exponent; its largest number is cut to eight significant bits.
  if (r >= 0x7f80) return overflow<u32>(env, mode, uSign) >> 16;
  if (rem) raise(env, tiny ? UFC | IXC : IXC);
  return sign | r;
}
export function bfcvt(env: usize, a: u64): u64 { return convert(env, a); }
/** BFCVTN: the four lanes, narrowed, in the low half. */
export function vbfcvtn(env: usize, a: v128): v128 {
  const p = spill2(env, a, i64x2.splat(0));
  for (let i: usize = 0; i < 4; i++) store<u16>(p + 16 + 2 * i, <u16>convert(env, <u64>load<u32>(p + 4 * i)));
  return v128.load(p, 16);
}

// --- dot products: rounded to odd, denormals flushed, default NaNs, no flags ------------------------------------------------

const NAN: u32 = 0x7fc00000;
@inline function toF(x: u32): f32 { return reinterpret<f32>(x); }
/** A value, or zero of its sign when it is denormal. */
@inline function flushed(x: u32): u32 { return x & 0x7f800000 ? x : x & 0x80000000; }
@inline function canonical(x: u32): u32 { return (x & 0x7fffffff) > 0x7f800000 ? NAN : flushed(x); }

/** Products of eight significant bits are exact in single precision. */
@inline function mul(a: u32, b: u32): u32 { return canonical(reinterpret<u32>(toF(flushed(a)) * toF(flushed(b)))); }
/** The sum in double precision, rounded to odd, then cut to single precision, to odd again. */
function add(a: u32, b: u32): u32 {
  const x = <f64>toF(flushed(a)), y = <f64>toF(flushed(b)), s = x + y;
  if (!(abs(s) < Infinity)) return canonical(reinterpret<u32>(<f32>s));
  const t = s - x, e = (x - (s - t)) + (y - t);
  let z = reinterpret<u64>(s);
  if (e != 0 && !(z & 1)) z += (e > 0) == !(z >> 63) ? 1 : -1;
  const sign = <u32>(z >> 32) & 0x80000000, biased = <i32>(z >> 52 & 2047) - 1023 + 127;
  if (biased < 1) return sign;
  if (biased > 254) return sign | 0x7f800000;
  return sign | <u32>biased << 23 | <u32>(z >> 29) & 0x7fffff | <u32>((z & 0x1fffffff) != 0);
}
/** c + a.low × b.low + a.high × b.high of two BFloat16 pairs (BFDotAdd). */
@inline function dotAdd(c: u32, a: u32, b: u32): u32 { return add(c, add(mul(a << 16, b << 16), mul(a & 0xffff0000, b & 0xffff0000))); }

export function bfdot(env: usize, c: v128, a: v128, b: v128): v128 {
  const p = spill3(env, a, b, c);
  for (let i: usize = 0; i < 16; i += 4) store<u32>(p + 32 + i, dotAdd(load<u32>(p + 32 + i), load<u32>(p + i), load<u32>(p + 16 + i)));
  return v128.load(p, 32);
}
/** c + a × transposed b of 2×4 by 4×2 elements. */
export function bfmmla(env: usize, c: v128, a: v128, b: v128): v128 {
  const p = spill3(env, a, b, c);
  for (let i: usize = 0; i < 2; i++) {
    for (let j: usize = 0; j < 2; j++) {
      const at = p + 32 + 8 * i + 4 * j, x = p + 8 * i, y = p + 16 + 8 * j;
      const first = dotAdd(load<u32>(at), load<u32>(x), load<u32>(y));
      store<u32>(at, dotAdd(first, load<u32>(x, 4), load<u32>(y, 4)));
    }
  }
  return v128.load(p, 32);
}

// --- FMLAL -------------------------------------------------------------------------------------------------------------------

/** A half-precision pattern in single precision, signalling NaNs kept, denormals flushed by FZ16 alone (FPMulAddH). */
@inline function widenHalf(fpcr: u32, x: u32): u32 {
  const sign = (x & 0x8000) << 16, e = x >> 10 & 31, f = x & 0x3ff;
  if (e == 31) return sign | 0x7f800000 | f << 13;
  if (e) return sign | e + 112 << 23 | f << 13;
  if (!f || fpcr & FZ16) return sign;
  const n = <u32>clz(f) - 21;
  return sign | 113 - n << 23 | (f << n & 0x3ff) << 13;
}
/** The low four halfwords in single precision. */
export function fhm_widen(env: usize, a: v128): v128 {
  const p = spill1(env, a), fpcr = getFpcr(env);
  for (let i: usize = 0; i < 4; i++) store<u32>(p + 16 + 4 * i, widenHalf(fpcr, load<u16>(p + 2 * i)));
  return v128.load(p, 16);
}
