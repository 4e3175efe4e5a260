// SHA-512 helpers (FIPS 180-4; Arm ARM, SHA512H … SHA512SU1). Lane 0 is the low doubleword.

@inline function low(x: v128): u64 { return v128.extract_lane<u64>(x, 0); }
@inline function high(x: v128): u64 { return v128.extract_lane<u64>(x, 1); }
@inline function bigSigma1(x: u64): u64 { return rotr<u64>(x, 14) ^ rotr<u64>(x, 18) ^ rotr<u64>(x, 41); }
@inline function bigSigma0(x: u64): u64 { return rotr<u64>(x, 28) ^ rotr<u64>(x, 34) ^ rotr<u64>(x, 39); }
@inline function choose(x: u64, y: u64, z: u64): u64 { return (y ^ z) & x ^ z; }
@inline function majority(x: u64, y: u64, z: u64): u64 { return x & y | (x | y) & z; }

/** SHA512H: w = schedule sums, x and y = parts of the state. */
export function sha512h(env: usize, w: v128, x: v128, y: v128): v128 {
  const h = choose(high(y), low(x), high(x)) + bigSigma1(high(y)) + high(w), t = h + low(y);
  return i64x2(choose(t, high(y), low(x)) + bigSigma1(t) + low(w), h);
}
export function sha512h2(env: usize, w: v128, x: v128, y: v128): v128 {
  const h = majority(low(x), high(y), low(y)) + bigSigma0(low(y)) + high(w);
  return i64x2(majority(h, low(y), high(y)) + bigSigma0(h) + low(w), h);
}
@inline function rotrAll(x: v128, n: i32): v128 { return v128.or(i64x2.shr_u(x, n), i64x2.shl(x, 64 - n)); }
export function sha512su0(env: usize, w: v128, x: v128): v128 {
  const v = v128.shuffle<u64>(w, x, 1, 2);
  return i64x2.add(w, v128.xor(v128.xor(rotrAll(v, 1), rotrAll(v, 8)), i64x2.shr_u(v, 7)));
}
export function sha512su1(env: usize, w: v128, x: v128, y: v128): v128 {
  return i64x2.add(i64x2.add(w, y), v128.xor(v128.xor(rotrAll(x, 19), rotrAll(x, 61)), i64x2.shr_u(x, 6)));
}
