// Vector helpers without flags: counts, reductions across lanes, dot products, polynomial products, integer estimates.
import { spill1 } from './simd-lanes';
import { unsignedRecipEstimate, unsignedRSqrtEstimate } from './softfloat-estimate';

// --- counts ------------------------------------------------------------------------------------------------------------

/** Bits set in each lane. */
@inline function popcntAll<T>(a: v128): v128 {
  const bytes = i8x16.popcnt(a);
  if (sizeof<T>() == 1) return bytes;
  const halves = i16x8.extadd_pairwise_i8x16_u(bytes);
  return sizeof<T>() == 2 ? halves : i32x4.extadd_pairwise_i16x8_u(halves);
}
/** Leading zeros of each lane: what is left when the first one has spread to the right. */
@inline function clzAll<T>(a: v128): v128 {
  a = v128.or(a, v128.shr<T>(a, 1));
  a = v128.or(a, v128.shr<T>(a, 2));
  a = v128.or(a, v128.shr<T>(a, 4));
  if (sizeof<T>() > 1) a = v128.or(a, v128.shr<T>(a, 8));
  if (sizeof<T>() > 2) a = v128.or(a, v128.shr<T>(a, 16));
  return popcntAll<T>(v128.not(a));
}
/** Bits after the first that equal it, in each lane: a ^ (a >> 1) has zeros there, and its own first bit is not counted. */
@inline function clsAll<S, T>(a: v128): v128 { return v128.sub<T>(clzAll<T>(v128.xor(a, v128.shr<S>(a, 1))), v128.splat<T>(1)); }
export function clz_b(env: usize, a: v128): v128 { return clzAll<u8>(a); }
export function clz_h(env: usize, a: v128): v128 { return clzAll<u16>(a); }
export function clz_s(env: usize, a: v128): v128 { return clzAll<u32>(a); }
export function cls_b(env: usize, a: v128): v128 { return clsAll<i8, u8>(a); }
export function cls_h(env: usize, a: v128): v128 { return clsAll<i16, u16>(a); }
export function cls_s(env: usize, a: v128): v128 { return clsAll<i32, u32>(a); }

// --- reductions: the result is the low lane, zero-extended ---------------------------------------------------------------

/** SADDLV, UADDLV, ADDV: the sum of all lanes of T, cut to R. */
@inline function sum<T, R>(a: v128): v128 {
  if (sizeof<T>() == 1) a = isSigned<T>() ? i16x8.extadd_pairwise_i8x16_s(a) : i16x8.extadd_pairwise_i8x16_u(a);
  if (sizeof<T>() < 4) a = isSigned<T>() ? i32x4.extadd_pairwise_i16x8_s(a) : i32x4.extadd_pairwise_i16x8_u(a);
  const w = isSigned<T>() ? i64x2.add(i64x2.extend_low_i32x4_s(a), i64x2.extend_high_i32x4_s(a)) : i64x2.add(i64x2.extend_low_i32x4_u(a), i64x2.extend_high_i32x4_u(a));
  const s = v128.extract_lane<u64>(w, 0) + v128.extract_lane<u64>(w, 1);
  return i64x2(sizeof<R>() == 8 ? s : s & ((<u64>1 << 8 * sizeof<R>()) - 1), 0);
}
@inline function better<T>(a: v128, b: v128, isMax: bool): v128 { return isMax ? v128.max<T>(a, b) : v128.min<T>(a, b); }
/** Halves against each other until one lane is left. */
@inline function extreme<T>(a: v128, isMax: bool): v128 {
  a = better<T>(a, v128.shuffle<u64>(a, a, 1, 0), isMax);
  a = better<T>(a, v128.shuffle<u32>(a, a, 1, 0, 3, 2), isMax);
  if (sizeof<T>() < 4) a = better<T>(a, i32x4.shr_u(a, 16), isMax);
  if (sizeof<T>() < 2) a = better<T>(a, i32x4.shr_u(a, 8), isMax);
  return v128.and(a, i64x2((<i64>1 << 8 * sizeof<T>()) - 1, 0));
}
export function addv_b(env: usize, a: v128): v128 { return sum<u8, u8>(a); }
export function addv_h(env: usize, a: v128): v128 { return sum<u16, u16>(a); }
export function addv_s(env: usize, a: v128): v128 { return sum<u32, u32>(a); }
export function uaddlv_b(env: usize, a: v128): v128 { return sum<u8, u16>(a); }
export function uaddlv_h(env: usize, a: v128): v128 { return sum<u16, u32>(a); }
export function uaddlv_s(env: usize, a: v128): v128 { return sum<u32, u64>(a); }
export function saddlv_b(env: usize, a: v128): v128 { return sum<i8, u16>(a); }
export function saddlv_h(env: usize, a: v128): v128 { return sum<i16, u32>(a); }
export function saddlv_s(env: usize, a: v128): v128 { return sum<i32, u64>(a); }
export function smaxv_b(env: usize, a: v128): v128 { return extreme<i8>(a, true); }
export function smaxv_h(env: usize, a: v128): v128 { return extreme<i16>(a, true); }
export function smaxv_s(env: usize, a: v128): v128 { return extreme<i32>(a, true); }
export function sminv_b(env: usize, a: v128): v128 { return extreme<i8>(a, false); }
export function sminv_h(env: usize, a: v128): v128 { return extreme<i16>(a, false); }
export function sminv_s(env: usize, a: v128): v128 { return extreme<i32>(a, false); }
export function umaxv_b(env: usize, a: v128): v128 { return extreme<u8>(a, true); }
export function umaxv_h(env: usize, a: v128): v128 { return extreme<u16>(a, true); }
export function umaxv_s(env: usize, a: v128): v128 { return extreme<u32>(a, true); }
export function uminv_b(env: usize, a: v128): v128 { return extreme<u8>(a, false); }
export function uminv_h(env: usize, a: v128): v128 { return extreme<u16>(a, false); }
export function uminv_s(env: usize, a: v128): v128 { return extreme<u32>(a, false); }

// --- dot products --------------------------------------------------------------------------------------------------------

@inline function widenLow<T>(a: v128): v128 { return isSigned<T>() ? i16x8.extend_low_i8x16_s(a) : i16x8.extend_low_i8x16_u(a); }
@inline function widenHigh<T>(a: v128): v128 { return isSigned<T>() ? i16x8.extend_high_i8x16_s(a) : i16x8.extend_high_i8x16_u(a); }
/** Sums of neighbouring words of b:a. */
@inline function pairSums(a: v128, b: v128): v128 { return i32x4.add(v128.shuffle<u32>(a, b, 0, 2, 4, 6), v128.shuffle<u32>(a, b, 1, 3, 5, 7)); }

/** Each word of c plus the sum of the four byte products in it. */
@inline function dot<A, B>(c: v128, a: v128, b: v128): v128 {
  const low = i32x4.dot_i16x8_s(widenLow<A>(a), widenLow<B>(b)), high = i32x4.dot_i16x8_s(widenHigh<A>(a), widenHigh<B>(b));
  return i32x4.add(c, pairSums(low, high));
}
export function sdot(env: usize, c: v128, a: v128, b: v128): v128 { return dot<i8, i8>(c, a, b); }
export function udot(env: usize, c: v128, a: v128, b: v128): v128 { return dot<u8, u8>(c, a, b); }
export function usdot(env: usize, c: v128, a: v128, b: v128): v128 { return dot<u8, i8>(c, a, b); }
export function sudot(env: usize, c: v128, a: v128, b: v128): v128 { return dot<i8, u8>(c, a, b); }

/** c + a × transposed b of 2×8 by 8×2 bytes, sums in words (SMMLA and its kin). */
@inline function matrix<A, B>(c: v128, a: v128, b: v128): v128 {
  const a0 = widenLow<A>(a), a1 = widenHigh<A>(a), b0 = widenLow<B>(b), b1 = widenHigh<B>(b);
  const row0 = pairSums(i32x4.dot_i16x8_s(a0, b0), i32x4.dot_i16x8_s(a0, b1)), row1 = pairSums(i32x4.dot_i16x8_s(a1, b0), i32x4.dot_i16x8_s(a1, b1));
  return i32x4.add(c, pairSums(row0, row1));
}
export function smmla(env: usize, c: v128, a: v128, b: v128): v128 { return matrix<i8, i8>(c, a, b); }
export function ummla(env: usize, c: v128, a: v128, b: v128): v128 { return matrix<u8, u8>(c, a, b); }
export function usmmla(env: usize, c: v128, a: v128, b: v128): v128 { return matrix<u8, i8>(c, a, b); }

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
