// Cryptographic helpers: AES, SHA-1 and SHA-256 instructions (FIPS 197, FIPS 180-4; Arm ARM shared/functions/crypto).

// --- AES ---------------------------------------------------------------------------------------------------------------

/** SubBytes: a 16-way table look-up; a swizzle gives 0 for indexes outside its 16 bytes, so the rows can be or-ed. */
function subBytes(x: v128): v128 {
  let r = i64x2.splat(0);
  r = v128.or(r, i8x16.swizzle(i8x16(0x63, 0x7c, 0x77, 0x7b, -0x0e, 0x6b, 0x6f, -0x3b, 0x30, 0x01, 0x67, 0x2b, -0x02, -0x29, -0x55, 0x76), x));
  r = v128.or(r, i8x16.swizzle(i8x16(-0x36, -0x7e, -0x37, 0x7d, -0x06, 0x59, 0x47, -0x10, -0x53, -0x2c, -0x5e, -0x51, -0x64, -0x5c, 0x72, -0x40), i8x16.sub(x, i8x16.splat(16))));
  r = v128.or(r, i8x16.swizzle(i8x16(-0x49, -0x03, -0x6d, 0x26, 0x36, 0x3f, -0x09, -0x34, 0x34, -0x5b, -0x1b, -0x0f, 0x71, -0x28, 0x31, 0x15), i8x16.sub(x, i8x16.splat(32))));
  r = v128.or(r, i8x16.swizzle(i8x16(0x04, -0x39, 0x23, -0x3d, 0x18, -0x6a, 0x05, -0x66, 0x07, 0x12, -0x80, -0x1e, -0x15, 0x27, -0x4e, 0x75), i8x16.sub(x, i8x16.splat(48))));
  r = v128.or(r, i8x16.swizzle(i8x16(0x09, -0x7d, 0x2c, 0x1a, 0x1b, 0x6e, 0x5a, -0x60, 0x52, 0x3b, -0x2a, -0x4d, 0x29, -0x1d, 0x2f, -0x7c), i8x16.sub(x, i8x16.splat(64))));
  r = v128.or(r, i8x16.swizzle(i8x16(0x53, -0x2f, 0x00, -0x13, 0x20, -0x04, -0x4f, 0x5b, 0x6a, -0x35, -0x42, 0x39, 0x4a, 0x4c, 0x58, -0x31), i8x16.sub(x, i8x16.splat(80))));
  r = v128.or(r, i8x16.swizzle(i8x16(-0x30, -0x11, -0x56, -0x05, 0x43, 0x4d, 0x33, -0x7b, 0x45, -0x07, 0x02, 0x7f, 0x50, 0x3c, -0x61, -0x58), i8x16.sub(x, i8x16.splat(96))));
  r = v128.or(r, i8x16.swizzle(i8x16(0x51, -0x5d, 0x40, -0x71, -0x6e, -0x63, 0x38, -0x0b, -0x44, -0x4a, -0x26, 0x21, 0x10, -0x01, -0x0d, -0x2e), i8x16.sub(x, i8x16.splat(112))));
  r = v128.or(r, i8x16.swizzle(i8x16(-0x33, 0x0c, 0x13, -0x14, 0x5f, -0x69, 0x44, 0x17, -0x3c, -0x59, 0x7e, 0x3d, 0x64, 0x5d, 0x19, 0x73), i8x16.sub(x, i8x16.splat(-128))));
  r = v128.or(r, i8x16.swizzle(i8x16(0x60, -0x7f, 0x4f, -0x24, 0x22, 0x2a, -0x70, -0x78, 0x46, -0x12, -0x48, 0x14, -0x22, 0x5e, 0x0b, -0x25), i8x16.sub(x, i8x16.splat(-112))));
  r = v128.or(r, i8x16.swizzle(i8x16(-0x20, 0x32, 0x3a, 0x0a, 0x49, 0x06, 0x24, 0x5c, -0x3e, -0x2d, -0x54, 0x62, -0x6f, -0x6b, -0x1c, 0x79), i8x16.sub(x, i8x16.splat(-96))));
  r = v128.or(r, i8x16.swizzle(i8x16(-0x19, -0x38, 0x37, 0x6d, -0x73, -0x2b, 0x4e, -0x57, 0x6c, 0x56, -0x0c, -0x16, 0x65, 0x7a, -0x52, 0x08), i8x16.sub(x, i8x16.splat(-80))));
  r = v128.or(r, i8x16.swizzle(i8x16(-0x46, 0x78, 0x25, 0x2e, 0x1c, -0x5a, -0x4c, -0x3a, -0x18, -0x23, 0x74, 0x1f, 0x4b, -0x43, -0x75, -0x76), i8x16.sub(x, i8x16.splat(-64))));
  r = v128.or(r, i8x16.swizzle(i8x16(0x70, 0x3e, -0x4b, 0x66, 0x48, 0x03, -0x0a, 0x0e, 0x61, 0x35, 0x57, -0x47, -0x7a, -0x3f, 0x1d, -0x62), i8x16.sub(x, i8x16.splat(-48))));
  r = v128.or(r, i8x16.swizzle(i8x16(-0x1f, -0x08, -0x68, 0x11, 0x69, -0x27, -0x72, -0x6c, -0x65, 0x1e, -0x79, -0x17, -0x32, 0x55, 0x28, -0x21), i8x16.sub(x, i8x16.splat(-32))));
  r = v128.or(r, i8x16.swizzle(i8x16(-0x74, -0x5f, -0x77, 0x0d, -0x41, -0x1a, 0x42, 0x68, 0x41, -0x67, 0x2d, 0x0f, -0x50, 0x54, -0x45, 0x16), i8x16.sub(x, i8x16.splat(-16))));
  return r;
}
/** InvSubBytes. */
function invSubBytes(x: v128): v128 {
  let r = i64x2.splat(0);
  r = v128.or(r, i8x16.swizzle(i8x16(0x52, 0x09, 0x6a, -0x2b, 0x30, 0x36, -0x5b, 0x38, -0x41, 0x40, -0x5d, -0x62, -0x7f, -0x0d, -0x29, -0x05), x));
  r = v128.or(r, i8x16.swizzle(i8x16(0x7c, -0x1d, 0x39, -0x7e, -0x65, 0x2f, -0x01, -0x79, 0x34, -0x72, 0x43, 0x44, -0x3c, -0x22, -0x17, -0x35), i8x16.sub(x, i8x16.splat(16))));
  r = v128.or(r, i8x16.swizzle(i8x16(0x54, 0x7b, -0x6c, 0x32, -0x5a, -0x3e, 0x23, 0x3d, -0x12, 0x4c, -0x6b, 0x0b, 0x42, -0x06, -0x3d, 0x4e), i8x16.sub(x, i8x16.splat(32))));
  r = v128.or(r, i8x16.swizzle(i8x16(0x08, 0x2e, -0x5f, 0x66, 0x28, -0x27, 0x24, -0x4e, 0x76, 0x5b, -0x5e, 0x49, 0x6d, -0x75, -0x2f, 0x25), i8x16.sub(x, i8x16.splat(48))));
  r = v128.or(r, i8x16.swizzle(i8x16(0x72, -0x08, -0x0a, 0x64, -0x7a, 0x68, -0x68, 0x16, -0x2c, -0x5c, 0x5c, -0x34, 0x5d, 0x65, -0x4a, -0x6e), i8x16.sub(x, i8x16.splat(64))));
  r = v128.or(r, i8x16.swizzle(i8x16(0x6c, 0x70, 0x48, 0x50, -0x03, -0x13, -0x47, -0x26, 0x5e, 0x15, 0x46, 0x57, -0x59, -0x73, -0x63, -0x7c), i8x16.sub(x, i8x16.splat(80))));
  r = v128.or(r, i8x16.swizzle(i8x16(-0x70, -0x28, -0x55, 0x00, -0x74, -0x44, -0x2d, 0x0a, -0x09, -0x1c, 0x58, 0x05, -0x48, -0x4d, 0x45, 0x06), i8x16.sub(x, i8x16.splat(96))));
  r = v128.or(r, i8x16.swizzle(i8x16(-0x30, 0x2c, 0x1e, -0x71, -0x36, 0x3f, 0x0f, 0x02, -0x3f, -0x51, -0x43, 0x03, 0x01, 0x13, -0x76, 0x6b), i8x16.sub(x, i8x16.splat(112))));
  r = v128.or(r, i8x16.swizzle(i8x16(0x3a, -0x6f, 0x11, 0x41, 0x4f, 0x67, -0x24, -0x16, -0x69, -0x0e, -0x31, -0x32, -0x10, -0x4c, -0x1a, 0x73), i8x16.sub(x, i8x16.splat(-128))));
  r = v128.or(r, i8x16.swizzle(i8x16(-0x6a, -0x54, 0x74, 0x22, -0x19, -0x53, 0x35, -0x7b, -0x1e, -0x07, 0x37, -0x18, 0x1c, 0x75, -0x21, 0x6e), i8x16.sub(x, i8x16.splat(-112))));
  r = v128.or(r, i8x16.swizzle(i8x16(0x47, -0x0f, 0x1a, 0x71, 0x1d, 0x29, -0x3b, -0x77, 0x6f, -0x49, 0x62, 0x0e, -0x56, 0x18, -0x42, 0x1b), i8x16.sub(x, i8x16.splat(-96))));
  r = v128.or(r, i8x16.swizzle(i8x16(-0x04, 0x56, 0x3e, 0x4b, -0x3a, -0x2e, 0x79, 0x20, -0x66, -0x25, -0x40, -0x02, 0x78, -0x33, 0x5a, -0x0c), i8x16.sub(x, i8x16.splat(-80))));
  r = v128.or(r, i8x16.swizzle(i8x16(0x1f, -0x23, -0x58, 0x33, -0x78, 0x07, -0x39, 0x31, -0x4f, 0x12, 0x10, 0x59, 0x27, -0x80, -0x14, 0x5f), i8x16.sub(x, i8x16.splat(-64))));
  r = v128.or(r, i8x16.swizzle(i8x16(0x60, 0x51, 0x7f, -0x57, 0x19, -0x4b, 0x4a, 0x0d, 0x2d, -0x1b, 0x7a, -0x61, -0x6d, -0x37, -0x64, -0x11), i8x16.sub(x, i8x16.splat(-48))));
  r = v128.or(r, i8x16.swizzle(i8x16(-0x60, -0x20, 0x3b, 0x4d, -0x52, 0x2a, -0x0b, -0x50, -0x38, -0x15, -0x45, 0x3c, -0x7d, 0x53, -0x67, 0x61), i8x16.sub(x, i8x16.splat(-32))));
  r = v128.or(r, i8x16.swizzle(i8x16(0x17, 0x2b, 0x04, 0x7e, -0x46, 0x77, -0x2a, 0x26, -0x1f, 0x69, 0x14, 0x63, 0x55, 0x21, 0x0c, 0x7d), i8x16.sub(x, i8x16.splat(-16))));
  return r;
}
/** Each byte times x in GF(2^8) modulo x^8 + x^4 + x^3 + x + 1. */
@inline function times2(a: v128): v128 { return v128.xor(i8x16.add(a, a), v128.and(i8x16.shr_s(a, 7), i8x16.splat(0x1b))); }
/** Rotates the bytes of each column up by one. */
@inline function rotateColumns(a: v128): v128 { return v128.or(i32x4.shr_u(a, 8), i32x4.shl(a, 24)); }
/** 2a + 3b + c + d for the bytes a, b, c, d of each column. */
@inline function mixColumns(a: v128): v128 {
  const b = rotateColumns(a), c = rotateColumns(b), d = rotateColumns(c), ab = v128.xor(a, b);
  return v128.xor(times2(ab), v128.xor(b, v128.xor(c, d)));
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
  const c = rotateColumns(rotateColumns(a)), t = times2(times2(v128.xor(a, c)));
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

/** Four rounds on x = a…d, y = e…h; gives x, or y with `second`. */
@inline function sha256Rounds(x: v128, y: v128, w: v128, second: bool): v128 {
  let a = v128.extract_lane<u32>(x, 0), b = v128.extract_lane<u32>(x, 1), c = v128.extract_lane<u32>(x, 2), d = v128.extract_lane<u32>(x, 3);
  let e = v128.extract_lane<u32>(y, 0), f = v128.extract_lane<u32>(y, 1), g = v128.extract_lane<u32>(y, 2), h = v128.extract_lane<u32>(y, 3);
  for (let i = 0; i < 4; i++) {
    const t1 = h + (rotr<u32>(e, 6) ^ rotr<u32>(e, 11) ^ rotr<u32>(e, 25)) + mix(CHOOSE, e, f, g) + v128.extract_lane<u32>(w, 0);
    const t2 = (rotr<u32>(a, 2) ^ rotr<u32>(a, 13) ^ rotr<u32>(a, 22)) + mix(MAJORITY, a, b, c);
    h = g; g = f; f = e; e = d + t1; d = c; c = b; b = a; a = t1 + t2;
    w = v128.shuffle<u32>(w, w, 1, 2, 3, 0);
  }
  return second ? i32x4(e, f, g, h) : i32x4(a, b, c, d);
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
