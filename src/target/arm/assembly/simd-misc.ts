// Vector helpers without flags: counts, reductions across lanes, dot products, polynomial products, integer estimates.
import { spill1, spill3 } from './simd-lanes';
import { unsignedRecipEstimate, unsignedRSqrtEstimate } from './softfloat-estimate';

// --- counts ------------------------------------------------------------------------------------------------------------

/** Leading zeros of each lane. T is at most 32 bits wide. */
@inline function clzAll<T>(env: usize, a: v128): v128 {
  const p = spill1(env, a), spare = 32 - <i32>sizeof<T>() * 8;
  for (let i: usize = 0; i < 16; i += sizeof<T>()) store<T>(p + i, <T>(clz(<u32>load<T>(p + i)) - spare));
  return v128.load(p);
}
/** Bits after the first that equal it, in each lane. */
@inline function clsAll<T>(env: usize, a: v128): v128 {
  const p = spill1(env, a), spare = 32 - <i32>sizeof<T>() * 8;
  for (let i: usize = 0; i < 16; i += sizeof<T>()) {
    const x = <u32>load<T>(p + i) << spare;
    store<T>(p + i, <T>clz((x ^ x << 1) | <u32>1 << spare));
  }
  return v128.load(p);
}
export function clz_b(env: usize, a: v128): v128 { return clzAll<u8>(env, a); }
export function clz_h(env: usize, a: v128): v128 { return clzAll<u16>(env, a); }
export function clz_s(env: usize, a: v128): v128 { return clzAll<u32>(env, a); }
export function cls_b(env: usize, a: v128): v128 { return clsAll<u8>(env, a); }
export function cls_h(env: usize, a: v128): v128 { return clsAll<u16>(env, a); }
export function cls_s(env: usize, a: v128): v128 { return clsAll<u32>(env, a); }

// --- reductions: the result is the low lane, zero-extended ---------------------------------------------------------------

/** SADDLV, UADDLV, ADDV: the sum of all lanes of T, cut to R. */
@inline function sum<T, R>(env: usize, a: v128): v128 {
  const p = spill1(env, a);
  let s: u64 = 0;
  for (let i: usize = 0; i < 16; i += sizeof<T>()) s += <u64>load<T>(p + i);
  return i64x2(sizeof<R>() == 8 ? s : s & ((<u64>1 << 8 * sizeof<R>()) - 1), 0);
}
@inline function extreme<T>(env: usize, a: v128, isMax: bool): v128 {
  const p = spill1(env, a);
  let r = load<T>(p);
  for (let i: usize = sizeof<T>(); i < 16; i += sizeof<T>()) {
    const x = load<T>(p + i);
    if (isMax ? x > r : x < r) r = x;
  }
  return i64x2(<u64>r & ((<u64>1 << 8 * sizeof<T>()) - 1), 0);
}
export function addv_b(env: usize, a: v128): v128 { return sum<u8, u8>(env, a); }
export function addv_h(env: usize, a: v128): v128 { return sum<u16, u16>(env, a); }
export function addv_s(env: usize, a: v128): v128 { return sum<u32, u32>(env, a); }
export function uaddlv_b(env: usize, a: v128): v128 { return sum<u8, u16>(env, a); }
export function uaddlv_h(env: usize, a: v128): v128 { return sum<u16, u32>(env, a); }
export function uaddlv_s(env: usize, a: v128): v128 { return sum<u32, u64>(env, a); }
export function saddlv_b(env: usize, a: v128): v128 { return sum<i8, u16>(env, a); }
export function saddlv_h(env: usize, a: v128): v128 { return sum<i16, u32>(env, a); }
export function saddlv_s(env: usize, a: v128): v128 { return sum<i32, u64>(env, a); }
export function smaxv_b(env: usize, a: v128): v128 { return extreme<i8>(env, a, true); }
export function smaxv_h(env: usize, a: v128): v128 { return extreme<i16>(env, a, true); }
export function smaxv_s(env: usize, a: v128): v128 { return extreme<i32>(env, a, true); }
export function sminv_b(env: usize, a: v128): v128 { return extreme<i8>(env, a, false); }
export function sminv_h(env: usize, a: v128): v128 { return extreme<i16>(env, a, false); }
export function sminv_s(env: usize, a: v128): v128 { return extreme<i32>(env, a, false); }
export function umaxv_b(env: usize, a: v128): v128 { return extreme<u8>(env, a, true); }
export function umaxv_h(env: usize, a: v128): v128 { return extreme<u16>(env, a, true); }
export function umaxv_s(env: usize, a: v128): v128 { return extreme<u32>(env, a, true); }
export function uminv_b(env: usize, a: v128): v128 { return extreme<u8>(env, a, false); }
export function uminv_h(env: usize, a: v128): v128 { return extreme<u16>(env, a, false); }
export function uminv_s(env: usize, a: v128): v128 { return extreme<u32>(env, a, false); }

// --- dot products --------------------------------------------------------------------------------------------------------

/** Each word of c plus the sum of the four byte products in it. */
@inline function dot<A, B>(env: usize, c: v128, a: v128, b: v128): v128 {
  const p = spill3(env, a, b, c);
  for (let i: usize = 0; i < 16; i += 4) {
    let s = load<i32>(p + i + 32);
    for (let k: usize = i; k < i + 4; k++) s += <i32>load<A>(p + k) * <i32>load<B>(p + k + 16);
    store<i32>(p + i + 32, s);
  }
  return v128.load(p, 32);
}
export function sdot(env: usize, c: v128, a: v128, b: v128): v128 { return dot<i8, i8>(env, c, a, b); }
export function udot(env: usize, c: v128, a: v128, b: v128): v128 { return dot<u8, u8>(env, c, a, b); }
export function usdot(env: usize, c: v128, a: v128, b: v128): v128 { return dot<u8, i8>(env, c, a, b); }
export function sudot(env: usize, c: v128, a: v128, b: v128): v128 { return dot<i8, u8>(env, c, a, b); }

/** c + a × transposed b of 2×8 by 8×2 bytes, sums in words (SMMLA and its kin). */
@inline function matrix<A, B>(env: usize, c: v128, a: v128, b: v128): v128 {
  const p = spill3(env, a, b, c);
  for (let i: usize = 0; i < 4; i++) {
    const x = p + (i >> 1) * 8, y = p + 16 + (i & 1) * 8;
    let s = load<i32>(p + 32 + 4 * i);
    for (let k: usize = 0; k < 8; k++) s += <i32>load<A>(x + k) * <i32>load<B>(y + k);
    store<i32>(p + 32 + 4 * i, s);
  }
  return v128.load(p, 32);
}
export function smmla(env: usize, c: v128, a: v128, b: v128): v128 { return matrix<i8, i8>(env, c, a, b); }
export function ummla(env: usize, c: v128, a: v128, b: v128): v128 { return matrix<u8, u8>(env, c, a, b); }
export function usmmla(env: usize, c: v128, a: v128, b: v128): v128 { return matrix<u8, i8>(env, c, a, b); }

// --- polynomial products over GF(2) ----------------------------------------------------------------------------------------

/** Low bytes of the products of byte lanes (PMUL). */
export function pmul_b(env: usize, a: v128, b: v128): v128 {
  let r = i64x2.splat(0);
  for (let i = 0; i < 8; i++) {
    // All ones in the lanes whose current top bit of b is set: Horner's rule.
    r = i8x16.add(r, r);
    r = v128.xor(r, v128.and(a, i8x16.shr_s(b, 7)));
    b = i8x16.add(b, b);
  }
  return r;
}
/** Halfword products of the low eight byte lanes (PMULL). */
export function pmull_b(env: usize, a: v128, b: v128): v128 {
  const x = i16x8.extend_low_i8x16_u(a);
  let y = i16x8.shl(i16x8.extend_low_i8x16_u(b), 8), r = i64x2.splat(0);
  for (let i = 0; i < 8; i++) {
    r = i16x8.add(r, r);
    r = v128.xor(r, v128.and(x, i16x8.shr_s(y, 15)));
    y = i16x8.add(y, y);
  }
  return r;
}
/** Low 64 bits of a product: integer products of every fourth bit leave room for their carries. */
function clmulLow(x: u64, y: u64): u64 {
  const m: u64 = 0x1111111111111111;
  const x0 = x & m, x1 = x & m << 1, x2 = x & m << 2, x3 = x & m << 3;
  const y0 = y & m, y1 = y & m << 1, y2 = y & m << 2, y3 = y & m << 3;
  const z0 = x0 * y0 ^ x1 * y3 ^ x2 * y2 ^ x3 * y1, z1 = x0 * y1 ^ x1 * y0 ^ x2 * y3 ^ x3 * y2;
  const z2 = x0 * y2 ^ x1 * y1 ^ x2 * y0 ^ x3 * y3, z3 = x0 * y3 ^ x1 * y2 ^ x2 * y1 ^ x3 * y0;
  return z0 & m | z1 & m << 1 | z2 & m << 2 | z3 & m << 3;
}
function reverseBits(x: u64): u64 {
  x = x >> 1 & 0x5555555555555555 | (x & 0x5555555555555555) << 1;
  x = x >> 2 & 0x3333333333333333 | (x & 0x3333333333333333) << 2;
  x = x >> 4 & 0x0f0f0f0f0f0f0f0f | (x & 0x0f0f0f0f0f0f0f0f) << 4;
  return bswap<u64>(x);
}
/** The 128-bit product of the low doublewords (PMULL with 64-bit elements). */
export function pmull_d(env: usize, a: v128, b: v128): v128 {
  const x = v128.extract_lane<u64>(a, 0), y = v128.extract_lane<u64>(b, 0);
  return i64x2(clmulLow(x, y), reverseBits(clmulLow(reverseBits(x), reverseBits(y))) >> 1);
}

// --- integer estimates ---------------------------------------------------------------------------------------------------

export function urecpe(env: usize, a: v128): v128 {
  const p = spill1(env, a);
  for (let i: usize = 0; i < 16; i += 4) store<u32>(p + i, unsignedRecipEstimate(load<u32>(p + i)));
  return v128.load(p);
}
export function ursqrte(env: usize, a: v128): v128 {
  const p = spill1(env, a);
  for (let i: usize = 0; i < 16; i += 4) store<u32>(p + i, unsignedRSqrtEstimate(load<u32>(p + i)));
  return v128.load(p);
}
