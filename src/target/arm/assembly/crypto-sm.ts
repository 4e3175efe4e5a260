// SM3 and SM4 helpers (GB/T 32905, GB/T 32907; Arm ARM, SM3SS1 … SM4EKEY).

/** Word 0 … 3 of a vector. */
@inline function w0(x: v128): u32 { return v128.extract_lane<u32>(x, 0); }
@inline function w1(x: v128): u32 { return v128.extract_lane<u32>(x, 1); }
@inline function w2(x: v128): u32 { return v128.extract_lane<u32>(x, 2); }
@inline function w3(x: v128): u32 { return v128.extract_lane<u32>(x, 3); }

// --- SM3 -----------------------------------------------------------------------------------------------------------------

export function sm3ss1(env: usize, n: v128, m: v128, a: v128): v128 {
  return i32x4(0, 0, 0, rotl<u32>(rotl<u32>(w3(n), 12) + w3(m) + w3(a), 7));
}

const PARITY = 0, MAJORITY = 1, CHOOSE = 2;
@inline function mix(kind: i32, x: u32, y: u32, z: u32): u32 { return kind == PARITY ? x ^ y ^ z : kind == MAJORITY ? x & y | (x | y) & z : x & y | ~x & z; }
/** One step on the state d = d3 … d0 with a message word; its lane was chosen by the translator. */
@inline function tt1(kind: i32, d: v128, n: v128, w: v128): v128 {
  const a = w3(d), t = mix(kind, a, w2(d), w1(d)) + w0(d) + (w3(n) ^ rotl<u32>(a, 12)) + w0(w);
  return i32x4(w1(d), rotl<u32>(w2(d), 9), a, t);
}
@inline function tt2(kind: i32, d: v128, n: v128, w: v128): v128 {
  const a = w3(d), t = mix(kind, a, w2(d), w1(d)) + w0(d) + w3(n) + w0(w);
  return i32x4(w1(d), rotl<u32>(w2(d), 19), a, t ^ rotl<u32>(t, 9) ^ rotl<u32>(t, 17));
}
export function sm3tt1a(env: usize, d: v128, n: v128, w: v128): v128 { return tt1(PARITY, d, n, w); }
export function sm3tt1b(env: usize, d: v128, n: v128, w: v128): v128 { return tt1(MAJORITY, d, n, w); }
export function sm3tt2a(env: usize, d: v128, n: v128, w: v128): v128 { return tt2(PARITY, d, n, w); }
export function sm3tt2b(env: usize, d: v128, n: v128, w: v128): v128 { return tt2(CHOOSE, d, n, w); }

@inline function rotlAll(x: v128, n: i32): v128 { return v128.or(i32x4.shl(x, n), i32x4.shr_u(x, 32 - n)); }
@inline function permute(x: u32): u32 { return x ^ rotl<u32>(x, 15) ^ rotl<u32>(x, 23); }
export function sm3partw1(env: usize, d: v128, n: v128, m: v128): v128 {
  const t = v128.xor(v128.xor(d, n), v128.shuffle<u32>(rotlAll(m, 15), i64x2.splat(0), 1, 2, 3, 4));
  const p = v128.xor(t, v128.xor(rotlAll(t, 15), rotlAll(t, 23)));
  // The last word also takes the first result.
  return v128.replace_lane<u32>(p, 3, permute(w3(t) ^ rotl<u32>(w0(p), 15)));
}
export function sm3partw2(env: usize, d: v128, n: v128, m: v128): v128 {
  const t = v128.xor(n, rotlAll(m, 7)), r = v128.xor(d, t);
  return v128.replace_lane<u32>(r, 3, w3(r) ^ permute(rotl<u32>(w0(t), 15)));
}

// --- SM4 -----------------------------------------------------------------------------------------------------------------

/** The S-box on each byte: a swizzle gives 0 for indexes outside its 16 bytes, so the rows can be or-ed. */
function substitute(x: v128): v128 {
  let r = i64x2.splat(0);
  r = v128.or(r, i8x16.swizzle(i8x16(-0x2a, -0x70, -0x17, -0x02, -0x34, -0x1f, 0x3d, -0x49, 0x16, -0x4a, 0x14, -0x3e, 0x28, -0x05, 0x2c, 0x05), x));
  r = v128.or(r, i8x16.swizzle(i8x16(0x2b, 0x67, -0x66, 0x76, 0x2a, -0x42, 0x04, -0x3d, -0x56, 0x44, 0x13, 0x26, 0x49, -0x7a, 0x06, -0x67), i8x16.sub(x, i8x16.splat(16))));
  r = v128.or(r, i8x16.swizzle(i8x16(-0x64, 0x42, 0x50, -0x0c, -0x6f, -0x11, -0x68, 0x7a, 0x33, 0x54, 0x0b, 0x43, -0x13, -0x31, -0x54, 0x62), i8x16.sub(x, i8x16.splat(32))));
  r = v128.or(r, i8x16.swizzle(i8x16(-0x1c, -0x4d, 0x1c, -0x57, -0x37, 0x08, -0x18, -0x6b, -0x80, -0x21, -0x6c, -0x06, 0x75, -0x71, 0x3f, -0x5a), i8x16.sub(x, i8x16.splat(48))));
  r = v128.or(r, i8x16.swizzle(i8x16(0x47, 0x07, -0x59, -0x04, -0x0d, 0x73, 0x17, -0x46, -0x7d, 0x59, 0x3c, 0x19, -0x1a, -0x7b, 0x4f, -0x58), i8x16.sub(x, i8x16.splat(64))));
  r = v128.or(r, i8x16.swizzle(i8x16(0x68, 0x6b, -0x7f, -0x4e, 0x71, 0x64, -0x26, -0x75, -0x08, -0x15, 0x0f, 0x4b, 0x70, 0x56, -0x63, 0x35), i8x16.sub(x, i8x16.splat(80))));
  r = v128.or(r, i8x16.swizzle(i8x16(0x1e, 0x24, 0x0e, 0x5e, 0x63, 0x58, -0x2f, -0x5e, 0x25, 0x22, 0x7c, 0x3b, 0x01, 0x21, 0x78, -0x79), i8x16.sub(x, i8x16.splat(96))));
  r = v128.or(r, i8x16.swizzle(i8x16(-0x2c, 0x00, 0x46, 0x57, -0x61, -0x2d, 0x27, 0x52, 0x4c, 0x36, 0x02, -0x19, -0x60, -0x3c, -0x38, -0x62), i8x16.sub(x, i8x16.splat(112))));
  r = v128.or(r, i8x16.swizzle(i8x16(-0x16, -0x41, -0x76, -0x2e, 0x40, -0x39, 0x38, -0x4b, -0x5d, -0x09, -0x0e, -0x32, -0x07, 0x61, 0x15, -0x5f), i8x16.sub(x, i8x16.splat(-128))));
  r = v128.or(r, i8x16.swizzle(i8x16(-0x20, -0x52, 0x5d, -0x5c, -0x65, 0x34, 0x1a, 0x55, -0x53, -0x6d, 0x32, 0x30, -0x0b, -0x74, -0x4f, -0x1d), i8x16.sub(x, i8x16.splat(-112))));
  r = v128.or(r, i8x16.swizzle(i8x16(0x1d, -0x0a, -0x1e, 0x2e, -0x7e, 0x66, -0x36, 0x60, -0x40, 0x29, 0x23, -0x55, 0x0d, 0x53, 0x4e, 0x6f), i8x16.sub(x, i8x16.splat(-96))));
  r = v128.or(r, i8x16.swizzle(i8x16(-0x2b, -0x25, 0x37, 0x45, -0x22, -0x03, -0x72, 0x2f, 0x03, -0x01, 0x6a, 0x72, 0x6d, 0x6c, 0x5b, 0x51), i8x16.sub(x, i8x16.splat(-80))));
  r = v128.or(r, i8x16.swizzle(i8x16(-0x73, 0x1b, -0x51, -0x6e, -0x45, -0x23, -0x44, 0x7f, 0x11, -0x27, 0x5c, 0x41, 0x1f, 0x10, 0x5a, -0x28), i8x16.sub(x, i8x16.splat(-64))));
  r = v128.or(r, i8x16.swizzle(i8x16(0x0a, -0x3f, 0x31, -0x78, -0x5b, -0x33, 0x7b, -0x43, 0x2d, 0x74, -0x30, 0x12, -0x48, -0x1b, -0x4c, -0x50), i8x16.sub(x, i8x16.splat(-48))));
  r = v128.or(r, i8x16.swizzle(i8x16(-0x77, 0x69, -0x69, 0x4a, 0x0c, -0x6a, 0x77, 0x7e, 0x65, -0x47, -0x0f, 0x09, -0x3b, 0x6e, -0x3a, -0x7c), i8x16.sub(x, i8x16.splat(-32))));
  r = v128.or(r, i8x16.swizzle(i8x16(0x18, -0x10, 0x7d, -0x14, 0x3a, -0x24, 0x4d, 0x20, 0x79, -0x12, 0x5f, 0x3e, -0x29, -0x35, 0x39, 0x48), i8x16.sub(x, i8x16.splat(-16))));
  return r;
}
/** Four rounds on x with the keys k; the linear step is that of the cipher or of its key schedule. */
@inline function rounds(x: v128, k: v128, schedule: bool): v128 {
  for (let i = 0; i < 4; i++) {
    const s = w0(substitute(i32x4.splat(w3(x) ^ w2(x) ^ w1(x) ^ w0(k))));
    const t = schedule ? s ^ rotl<u32>(s, 13) ^ rotl<u32>(s, 23) : s ^ rotl<u32>(s, 2) ^ rotl<u32>(s, 10) ^ rotl<u32>(s, 18) ^ rotl<u32>(s, 24);
    x = v128.shuffle<u32>(x, i32x4.splat(w0(x) ^ t), 1, 2, 3, 4);
    k = v128.shuffle<u32>(k, k, 1, 2, 3, 0);
  }
  return x;
}
export function sm4e(env: usize, d: v128, n: v128): v128 { return rounds(d, n, false); }
export function sm4ekey(env: usize, n: v128, m: v128): v128 { return rounds(n, m, true); }
