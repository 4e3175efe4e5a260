// Pointer authentication (FEAT_PAuth; Arm ARM, shared/functions/pac): the QARMA5 cipher and the pointer's code field.
import { SCTLR_EL1, TCR_EL1, APIA, APIB, APDA, APDB, APGA } from './offsets';

// --- QARMA5 --------------------------------------------------------------------------------------------------------
// A block is 16 cells of 4 bits. They are kept as the 16 bytes of a vector: cell i holds bits 4i+3…4i.

// @ts-ignore: decorator
@inline
function spread(x: u64): v128 {
  const v = i64x2.splat(x), m = i8x16.splat(15);
  return v128.shuffle<u8>(v128.and(v, m), v128.and(v128.shr<u16>(v, 4), m), 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}
// @ts-ignore: decorator
@inline
function gather(v: v128): u64 {
  const even = v128.shuffle<u8>(v, v, 0, 2, 4, 6, 8, 10, 12, 14, 0, 0, 0, 0, 0, 0, 0, 0);
  const odd = v128.shuffle<u8>(v, v, 1, 3, 5, 7, 9, 11, 13, 15, 0, 0, 0, 0, 0, 0, 0, 0);
  return v128.extract_lane<u64>(v128.or(even, v128.shl<u16>(odd, 4)), 0);
}
// @ts-ignore: decorator
@inline
function cellShuffle(v: v128): v128 { return v128.shuffle<u8>(v, v, 13, 6, 11, 0, 7, 12, 1, 10, 8, 3, 14, 5, 2, 9, 4, 15); }
// @ts-ignore: decorator
@inline
function cellInvShuffle(v: v128): v128 { return v128.shuffle<u8>(v, v, 3, 6, 12, 9, 14, 11, 1, 4, 8, 13, 7, 2, 5, 0, 10, 15); }
// @ts-ignore: decorator
@inline
function sub(v: v128): v128 { return v128.swizzle(i8x16(0xb, 0x6, 0x8, 0xf, 0xc, 0x0, 0x9, 0xe, 0x3, 0x7, 0x4, 0x5, 0xd, 0x2, 0x1, 0xa), v); }
// @ts-ignore: decorator
@inline
function invSub(v: v128): v128 { return v128.swizzle(i8x16(0x5, 0xe, 0xd, 0x8, 0xa, 0xb, 0x1, 0x9, 0x2, 0x6, 0xf, 0x0, 0x4, 0xc, 0x7, 0x3), v); }

/** Each cell rotated left by n bits. */
// @ts-ignore: decorator
@inline
function rotCells(v: v128, n: i32): v128 { return v128.and(v128.or(v128.shl<u8>(v, n), v128.shr<u8>(v, 4 - n)), i8x16.splat(15)); }
/** PACMult: row r of four cells = rot1(row r-1) ^ rot2(row r-2) ^ rot1(row r-3). */
// @ts-ignore: decorator
@inline
function mult(v: v128): v128 {
  const r1 = rotCells(v, 1), r2 = rotCells(v, 2);
  const a = v128.shuffle<u8>(r1, r1, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
  const b = v128.shuffle<u8>(r2, r2, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
  const c = v128.shuffle<u8>(r1, r1, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3);
  return v128.xor(v128.xor(a, b), c);
}
/** TweakShuffle: a permutation, then a step of a 4-bit shift register in seven cells. */
// @ts-ignore: decorator
@inline
function tweakShuffle(v: v128): v128 {
  const p = v128.shuffle<u8>(v, v, 4, 5, 6, 7, 11, 2, 3, 8, 12, 13, 14, 15, 0, 1, 10, 9);
  const half = v128.shr<u8>(p, 1), feedback = v128.shl<u8>(v128.and(v128.xor(p, half), i8x16.splat(1)), 3);
  return v128.bitselect(v128.or(half, feedback), p, i8x16(0, 0, -1, 0, -1, 0, 0, -1, 0, 0, 0, -1, -1, 0, -1, -1));
}
// @ts-ignore: decorator
@inline
function forward(w: v128, k: v128): v128 { return sub(mult(cellShuffle(v128.xor(w, k)))); }
// @ts-ignore: decorator
@inline
function backward(w: v128, k: v128): v128 { return v128.xor(cellInvShuffle(mult(invSub(w))), k); }

/** ComputePAC with QARMA5: key0 = K<127:64>, key1 = K<63:0>. */
function qarma5(data: u64, modifier: u64, key0: u64, key1: u64): u64 {
  const k0 = spread(key0), k1 = spread(key1), modk0 = spread(rotr<u64>(key0, 1) ^ (key0 >> 63));
  const c1 = v128.xor(k1, spread(0x13198a2e03707344)), c2 = v128.xor(k1, spread(0xa4093822299f31d0));
  const c3 = v128.xor(k1, spread(0x082efa98ec4e6c89)), c4 = v128.xor(k1, spread(0x452821e638d01377));
  const m0 = spread(modifier), m1 = tweakShuffle(m0), m2 = tweakShuffle(m1), m3 = tweakShuffle(m2), m4 = tweakShuffle(m3), m5 = tweakShuffle(m4);
  let w = v128.xor(spread(data), k0);
  w = sub(v128.xor(w, v128.xor(k1, m0)));
  w = forward(w, v128.xor(c1, m1));
  w = forward(w, v128.xor(c2, m2));
  w = forward(w, v128.xor(c3, m3));
  w = forward(w, v128.xor(c4, m4));
  w = forward(w, v128.xor(modk0, m5));
  // The reflector.
  w = v128.xor(mult(cellShuffle(w)), k1);
  w = cellInvShuffle(w);
  w = backward(w, v128.xor(k0, m5));
  const alpha = spread(0xc0ac29b7c97c50dd);
  w = backward(w, v128.xor(v128.xor(c4, m4), alpha));
  w = backward(w, v128.xor(v128.xor(c3, m3), alpha));
  w = backward(w, v128.xor(v128.xor(c2, m2), alpha));
  w = backward(w, v128.xor(v128.xor(c1, m1), alpha));
  w = v128.xor(invSub(w), v128.xor(v128.xor(k1, m0), alpha));
  return gather(v128.xor(w, modk0));
}

/** The IMPLEMENTATION DEFINED algorithm: a keyed multiplicative hash, several times faster than QARMA5. Not a cipher. */
function quick(data: u64, modifier: u64, key0: u64, key1: u64): u64 {
  let h = (data ^ key1) * 0x9e3779b185ebca87;
  h = rotl<u64>(h ^ modifier, 29) * 0xc2b2ae3d27d4eb4f;
  h = rotl<u64>(h ^ key0, 33) * 0x165667b19e3779f9;
  return h ^ (h >> 31);
}

// --- the code in a pointer -----------------------------------------------------------------------------------------

const TBI0: u64 = 37, TBID0: u64 = 51;

/** Effective TBI of the half that bit 55 of the pointer selects. */
// @ts-ignore: decorator
@inline
function topByteIgnored(tcr: u64, ptr: u64, data: bool): bool {
  const half = (ptr >> 55) & 1;
  return ((tcr >> (TBI0 + half)) & 1) != 0 && (data || ((tcr >> (TBID0 + half)) & 1) == 0);
}
/** Lowest bit of the code: the first above the input address range (CalculateBottomPACBit). 52-bit ranges with 64 KiB granules or TCR_EL1.DS. */
// @ts-ignore: decorator
@inline
function bottomBit(tcr: u64, ptr: u64): u64 {
  const upper = ((ptr >> 55) & 1) != 0;
  const is64k = upper ? ((tcr >> 30) & 3) == 3 : ((tcr >> 14) & 3) == 1;
  const least: u64 = is64k || ((tcr >> 59) & 1) != 0 ? 12 : 16, most: u64 = is64k ? 47 : 48;
  const tsz = (tcr >> (upper ? 16 : 0)) & 63;
  return 64 - max(least, min(most, tsz));
}
/** Bits 55…bottom and, without TBI, 63…56. Bit 55 itself is part of the field but never of the code. */
// @ts-ignore: decorator
@inline
function fieldMask(tcr: u64, ptr: u64, tbi: bool): u64 {
  return (~u64(0) << bottomBit(tcr, ptr)) & (tbi ? 0x00ffffffffffffff : ~u64(0));
}
const BIT55: u64 = 1 << 55;

// @ts-ignore: decorator
@inline
function compute(impdef: bool, data: u64, modifier: u64, key: usize): u64 {
  const lo = load<u64>(key), hi = load<u64>(key, 8);
  return impdef ? quick(data, modifier, hi, lo) : qarma5(data, modifier, hi, lo);
}

/** AddPAC. */
function add(env: usize, ptr: u64, modifier: u64, key: usize, data: bool, enable: u64, impdef: bool): u64 {
  if ((load<u64>(env + SCTLR_EL1) & enable) == 0) return ptr;
  const tcr = load<u64>(env + TCR_EL1), tbi = topByteIgnored(tcr, ptr, data);
  // Where either half ignores tags bit 55 tells the half, otherwise bit 63.
  const tagged = (tcr >> TBI0) & (data ? 3 : ~(tcr >> TBID0) & 3) & 3;
  const sel = tagged != 0 ? (ptr >> 55) & 1 : ptr >> 63;
  const field = fieldMask(tcr, ptr, tbi), ext = sel != 0 ? ptr | field : ptr & ~field;
  let pac = compute(impdef, ext, modifier, env + key);
  // A pointer that was not canonical gets a wrong code: the bit below the top of the field is inverted.
  const high = ptr & field;
  if (high != 0 && high != field) pac ^= tbi ? u64(1) << 54 : u64(1) << 62;
  return (ptr & ~field) | (pac & field & ~BIT55) | (sel << 55);
}

/** Auth: the pointer without its code if that is right, else with an error code that makes it non-canonical. */
function check(env: usize, ptr: u64, modifier: u64, key: usize, data: bool, enable: u64, keyNumber: u64, impdef: bool): u64 {
  if ((load<u64>(env + SCTLR_EL1) & enable) == 0) return ptr;
  const tcr = load<u64>(env + TCR_EL1), tbi = topByteIgnored(tcr, ptr, data);
  const field = fieldMask(tcr, ptr, tbi), original = (ptr & BIT55) != 0 ? ptr | field : ptr & ~field;
  const pac = compute(impdef, original, modifier, env + key);
  if (((pac ^ ptr) & field & ~BIT55) == 0) return original;
  const error = (keyNumber << 1) | (keyNumber ^ 1), at: u64 = tbi ? 53 : 61;
  return (original & ~(u64(3) << at)) | (error << at);
}

function strip(env: usize, ptr: u64, data: bool): u64 {
  const tcr = load<u64>(env + TCR_EL1), field = fieldMask(tcr, ptr, topByteIgnored(tcr, ptr, data));
  return (ptr & BIT55) != 0 ? ptr | field : ptr & ~field;
}

// SCTLR_EL1.EnIA, EnIB, EnDA, EnDB.
const EN_IA: u64 = 1 << 31, EN_IB: u64 = 1 << 30, EN_DA: u64 = 1 << 27, EN_DB: u64 = 1 << 13;

export function pacia(env: usize, p: u64, m: u64): u64 { return add(env, p, m, APIA, false, EN_IA, false); }
export function pacib(env: usize, p: u64, m: u64): u64 { return add(env, p, m, APIB, false, EN_IB, false); }
export function pacda(env: usize, p: u64, m: u64): u64 { return add(env, p, m, APDA, true, EN_DA, false); }
export function pacdb(env: usize, p: u64, m: u64): u64 { return add(env, p, m, APDB, true, EN_DB, false); }
export function autia(env: usize, p: u64, m: u64): u64 { return check(env, p, m, APIA, false, EN_IA, 0, false); }
export function autib(env: usize, p: u64, m: u64): u64 { return check(env, p, m, APIB, false, EN_IB, 1, false); }
export function autda(env: usize, p: u64, m: u64): u64 { return check(env, p, m, APDA, true, EN_DA, 0, false); }
export function autdb(env: usize, p: u64, m: u64): u64 { return check(env, p, m, APDB, true, EN_DB, 1, false); }
export function pacga(env: usize, p: u64, m: u64): u64 { return compute(false, p, m, env + APGA) & 0xffffffff00000000; }
export function xpaci(env: usize, p: u64): u64 { return strip(env, p, false); }
export function xpacd(env: usize, p: u64): u64 { return strip(env, p, true); }

export function pacia_impdef(env: usize, p: u64, m: u64): u64 { return add(env, p, m, APIA, false, EN_IA, true); }
export function pacib_impdef(env: usize, p: u64, m: u64): u64 { return add(env, p, m, APIB, false, EN_IB, true); }
export function pacda_impdef(env: usize, p: u64, m: u64): u64 { return add(env, p, m, APDA, true, EN_DA, true); }
export function pacdb_impdef(env: usize, p: u64, m: u64): u64 { return add(env, p, m, APDB, true, EN_DB, true); }
export function autia_impdef(env: usize, p: u64, m: u64): u64 { return check(env, p, m, APIA, false, EN_IA, 0, true); }
export function autib_impdef(env: usize, p: u64, m: u64): u64 { return check(env, p, m, APIB, false, EN_IB, 1, true); }
export function autda_impdef(env: usize, p: u64, m: u64): u64 { return check(env, p, m, APDA, true, EN_DA, 0, true); }
export function autdb_impdef(env: usize, p: u64, m: u64): u64 { return check(env, p, m, APDB, true, EN_DB, 1, true); }
export function pacga_impdef(env: usize, p: u64, m: u64): u64 { return compute(true, p, m, env + APGA) & 0xffffffff00000000; }
