// Cryptographic helpers: AES, SHA-1 and SHA-256 instructions (FIPS 197, FIPS 180-4; Arm ARM shared/functions/crypto).

// --- AES ---------------------------------------------------------------------------------------------------------------

// SubBytes by vector permutes (Mike Hamburg, Accelerating AES with Vector Permute Instructions, CHES 2009): a linear map takes a byte to
// two nibbles i and k of a tower field, five 16-entry tables invert it there, and two more map back. An entry with its top bit set stands
// for infinity: a swizzle by it gives 0.

@inline function table(t: v128, index: v128): v128 { return i8x16.relaxed_swizzle(t, index); }
@inline function lowNibbles(x: v128): v128 { return v128.and(x, i8x16.splat(0x0f)); }
@inline function highNibbles(x: v128): v128 { return i32x4.shr_u(v128.and(x, i8x16.splat(-0x10)), 4); }
/** The linear map given by its tables for low and high nibbles, inversion, and the output map by its tables. */
@inline function substitute(x: v128, low: v128, high: v128, up: v128, top: v128): v128 {
  const inverse = i8x16(-0x80, 0x01, 0x08, 0x0d, 0x0f, 0x06, 0x05, 0x0e, 0x02, 0x0c, 0x0b, 0x0a, 0x09, 0x03, 0x07, 0x04), scaled = i8x16(-0x80, 0x07, 0x0b, 0x0f, 0x06, 0x0a, 0x04, 0x01, 0x09, 0x08, 0x05, 0x02, 0x0c, 0x0e, 0x0d, 0x03);
  const y = v128.xor(table(low, lowNibbles(x)), table(high, highNibbles(x)));
  const k = lowNibbles(y), i = highNibbles(y), j = v128.xor(k, i), a = table(scaled, k);
  const u = v128.xor(table(inverse, v128.xor(table(inverse, i), a)), j), v = v128.xor(table(inverse, v128.xor(table(inverse, j), a)), i);
  return v128.xor(table(up, u), table(top, v));
}
function subBytes(x: v128): v128 {
  return v128.xor(i8x16.splat(0x63), substitute(x,
    i8x16(0x00, 0x70, 0x2a, 0x5a, -0x68, -0x18, -0x4e, -0x3e, 0x08, 0x78, 0x22, 0x52, -0x70, -0x20, -0x46, -0x36),
    i8x16(0x00, 0x4d, 0x7c, 0x31, 0x7d, 0x30, 0x01, 0x4c, -0x7f, -0x34, -0x03, -0x50, -0x04, -0x4f, -0x80, -0x33),
    i8x16(0x00, -0x39, -0x43, 0x6f, 0x17, 0x6d, -0x2e, -0x30, 0x78, -0x58, 0x02, -0x3b, 0x7a, -0x41, -0x56, 0x15),
    i8x16(0x00, 0x6a, -0x45, 0x5f, -0x5b, 0x74, -0x1c, -0x31, -0x06, 0x35, 0x2b, 0x41, -0x2f, -0x70, 0x1e, -0x72)));
}
/** InvSubBytes. */
function invSubBytes(x: v128): v128 {
  return substitute(v128.xor(x, i8x16.splat(0x63)),
    i8x16(0x00, 0x5f, 0x54, 0x0b, 0x04, 0x5b, 0x50, 0x0f, 0x1a, 0x45, 0x4e, 0x11, 0x1e, 0x41, 0x4a, 0x15),
    i8x16(0x00, 0x65, 0x05, 0x60, -0x1a, -0x7d, -0x1d, -0x7a, -0x6c, -0x0f, -0x6f, -0x0c, 0x72, 0x17, 0x77, 0x12),
    i8x16(0x00, 0x40, -0x07, 0x7e, 0x53, -0x16, -0x79, 0x13, 0x2d, 0x3e, -0x6c, -0x2c, -0x47, 0x6d, -0x56, -0x39),
    i8x16(0x00, 0x1d, 0x44, -0x6d, 0x0f, 0x56, -0x29, 0x12, -0x64, -0x72, -0x3b, -0x28, 0x59, -0x7f, 0x4b, -0x36));
}
/** Each byte times x in GF(2^8) modulo x^8 + x^4 + x^3 + x + 1. */
@inline function times2(a: v128): v128 { return v128.xor(i8x16.add(a, a), v128.and(i8x16.lt_s(a, i64x2.splat(0)), i8x16.splat(0x1b))); }
/** Turns the bytes of each column by one, or by two. */
@inline function turn1(a: v128): v128 { return v128.shuffle<u8>(a, a, 1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12); }
@inline function turn2(a: v128): v128 { return v128.shuffle<u16>(a, a, 1, 0, 3, 2, 5, 4, 7, 6); }
/** 2a + 3b + c + d for the bytes a, b, c, d of each column. */
@inline function mixColumns(a: v128): v128 {
  const b = turn1(a), ab = v128.xor(a, b);
  return v128.xor(times2(ab), v128.xor(b, turn2(ab)));
}

export function aese(env: usize, a: v128, key: v128): v128 {
  const x = v128.xor(a, key);
  return subBytes(v128.shuffle<u8>(x, x, 0, 5, 10, 15, 4, 9, 14, 3, 8, 13, 2, 7, 12, 1, 6, 11));
}
export function aesd(env: usize, a: v128, key: v128): v128 {
  const x = v128.xor(a, key);
  return invSubBytes(v128.shuffle<u8>(x, x, 0, 13, 10, 7, 4, 1, 14, 11, 8, 5, 2, 15, 12, 9, 6, 3));
}
export function aesmc(env: usize, a: v128): v128 { return mixColumns(a); }
/** The inverse is MixColumns after a multiplication of each column by 4x^2 + 5. */
export function aesimc(env: usize, a: v128): v128 {
  const t = times2(times2(v128.xor(a, turn2(a))));
  return mixColumns(v128.xor(a, t));
}

// --- SHA-1 -------------------------------------------------------------------------------------------------------------

const CHOOSE = 0, PARITY = 1, MAJORITY = 2;
@inline function mix(kind: i32, x: u32, y: u32, z: u32): u32 { return kind == CHOOSE ? (y ^ z) & x ^ z : kind == PARITY ? x ^ y ^ z : x & y | (x | y) & z; }

/** Four rounds: x = a, b, c, d; the low word of e; w = schedule plus constant. */
@inline function sha1Rounds(kind: i32, x: v128, e4: v128, w: v128): v128 {
  let a = v128.extract_lane<u32>(x, 0), b = v128.extract_lane<u32>(x, 1), c = v128.extract_lane<u32>(x, 2), d = v128.extract_lane<u32>(x, 3);
  let e = v128.extract_lane<u32>(e4, 0);
  for (let i = 0; i < 4; i++) {
    const t = e + rotl<u32>(a, 5) + mix(kind, b, c, d) + v128.extract_lane<u32>(w, 0);
    e = d; d = c; c = rotl<u32>(b, 30); b = a; a = t;
    w = v128.shuffle<u32>(w, w, 1, 2, 3, 0);
  }
  return i32x4(a, b, c, d);
}
export function sha1c(env: usize, x: v128, e: v128, w: v128): v128 { return sha1Rounds(CHOOSE, x, e, w); }
export function sha1p(env: usize, x: v128, e: v128, w: v128): v128 { return sha1Rounds(PARITY, x, e, w); }
export function sha1m(env: usize, x: v128, e: v128, w: v128): v128 { return sha1Rounds(MAJORITY, x, e, w); }
export function sha1h(env: usize, a: v128): v128 { return i32x4(rotl<u32>(v128.extract_lane<u32>(a, 0), 30), 0, 0, 0); }
/** SHA1SU0: d ^ m ^ (the middle of d:n). */
export function sha1su0(env: usize, d: v128, n: v128, m: v128): v128 { return v128.xor(v128.xor(v128.shuffle<u64>(d, n, 1, 2), d), m); }
@inline function rotlAll(x: v128, n: i32): v128 { return v128.or(i32x4.shl(x, n), i32x4.shr_u(x, 32 - n)); }
export function sha1su1(env: usize, d: v128, n: v128): v128 {
  const r = rotlAll(v128.xor(d, v128.shuffle<u32>(n, i64x2.splat(0), 1, 2, 3, 4)), 1);
  // The top word also takes the new low word, rotated.
  return v128.xor(r, v128.shuffle<u32>(i64x2.splat(0), rotlAll(r, 1), 0, 1, 2, 4));
}

// --- SHA-256 -----------------------------------------------------------------------------------------------------------

/** Σ0 and Σ1, their rotations nested: 2, 13, 22 and 6, 11, 25. */
@inline function sum0(a: u32): u32 { return rotr<u32>(a ^ rotr<u32>(a ^ rotr<u32>(a, 9), 11), 2); }
@inline function sum1(e: u32): u32 { return rotr<u32>(e ^ rotr<u32>(e ^ rotr<u32>(e, 14), 5), 6); }
/** T1 of a round; `hw`: h plus schedule plus constant. T2. */
@inline function t1(e: u32, f: u32, g: u32, hw: u32): u32 { return hw + sum1(e) + mix(CHOOSE, e, f, g); }
@inline function t2(a: u32, b: u32, c: u32): u32 { return sum0(a) + mix(MAJORITY, a, b, c); }

/** Four rounds on x = a…d, y = e…h; gives x, or y with `second`, which needs no T2: its new words are d, c, b, a plus T1. */
@inline function sha256Rounds(x: v128, y: v128, w: v128, second: bool): v128 {
  const hw = i32x4.add(v128.shuffle<u32>(y, y, 3, 2, 1, 0), w);
  const a = v128.extract_lane<u32>(x, 0), b = v128.extract_lane<u32>(x, 1), c = v128.extract_lane<u32>(x, 2);
  const e = v128.extract_lane<u32>(y, 0), f = v128.extract_lane<u32>(y, 1), g = v128.extract_lane<u32>(y, 2);
  const p = t1(e, f, g, v128.extract_lane<u32>(hw, 0)), e1 = v128.extract_lane<u32>(x, 3) + p;
  const q = t1(e1, e, f, v128.extract_lane<u32>(hw, 1)), e2 = c + q;
  const r = t1(e2, e1, e, v128.extract_lane<u32>(hw, 2)), e3 = b + r;
  const s = t1(e3, e2, e1, v128.extract_lane<u32>(hw, 3));
  if (second) return i32x4(a + s, e3, e2, e1);
  const a1 = p + t2(a, b, c), a2 = q + t2(a1, a, b), a3 = r + t2(a2, a1, a);
  return i32x4(s + t2(a3, a2, a1), a3, a2, a1);
}
export function sha256h(env: usize, x: v128, y: v128, w: v128): v128 { return sha256Rounds(x, y, w, false); }
/** SHA256H2: the operands come as y, x. */
export function sha256h2(env: usize, y: v128, x: v128, w: v128): v128 { return sha256Rounds(x, y, w, true); }
@inline function sigma(x: v128, r1: i32, r2: i32, s: i32): v128 { return v128.xor(v128.xor(rotlAll(x, 32 - r1), rotlAll(x, 32 - r2)), i32x4.shr_u(x, s)); }
export function sha256su0(env: usize, d: v128, n: v128): v128 { return i32x4.add(d, sigma(v128.shuffle<u32>(d, n, 1, 2, 3, 4), 7, 18, 3)); }
export function sha256su1(env: usize, d: v128, n: v128, m: v128): v128 {
  const sum = i32x4.add(d, v128.shuffle<u32>(n, m, 1, 2, 3, 4));
  // The upper two words need the lower two results.
  const low = i32x4.add(sum, sigma(v128.shuffle<u64>(m, i64x2.splat(0), 1, 2), 17, 19, 10));
  const high = i32x4.add(sum, sigma(v128.shuffle<u64>(i64x2.splat(0), low, 0, 2), 17, 19, 10));
  return v128.shuffle<u64>(low, high, 0, 3);
}
