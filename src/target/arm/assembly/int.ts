// Integer helpers: packed flags, bit reversal, CRC32. Callable from generated code.

// CC_* of src/target/arm/flags.ts: odd kinds are 32-bit, (kind + 1) >> 1 is 1 for ADD, 2 for SUB, 3 for LOGIC.
const CC_NZCV: u64 = 0;
const ADD: u64 = 1;
const SUB: u64 = 2;

// @ts-ignore: decorator
@inline
function pack(r: u64, c: bool, v: u64): u64 {
  return ((r >> 63) << 31) | (u64(r == 0) << 30) | (u64(c) << 29) | ((v >> 63) << 28);
}

/** Packed NZCV (bits 31…28) of a lazy-flags state. 32-bit operands are moved to the top, where the 64-bit rules hold. */
export function pack_nzcv(env: usize, op: u64, a: u64, b: u64): u64 {
  if (op == CC_NZCV) return a & 0xf0000000;
  const up = (op & 1) << 5, kind = (op + 1) >> 1;
  const x = a << up, y = b << up;
  if (kind == SUB) {
    const r = x - y;
    return pack(r, x >= y, (x ^ y) & (x ^ r));
  }
  if (kind == ADD) {
    const r = x + y;
    return pack(r, r < x, (x ^ r) & (y ^ r));
  }
  return pack(x, false, 0);
}

/** Packed NZCV of a + b + carry (Arm ARM, AddWithCarry). */
export function adc_nzcv64(env: usize, a: u64, b: u64, carry: u64): u64 {
  const t = a + b, r = t + carry;
  return pack(r, t < a || r < t, (a ^ r) & (b ^ r));
}
export function adc_nzcv32(env: usize, a: u64, b: u64, carry: u64): u64 {
  const x = a & 0xffffffff, y = b & 0xffffffff, r = x + y + carry;
  return pack(r << 32, r >> 32 != 0, ((x ^ r) & (y ^ r)) << 32);
}

export function rbit64(env: usize, a: u64): u64 {
  a = ((a >> 1) & 0x5555555555555555) | ((a & 0x5555555555555555) << 1);
  a = ((a >> 2) & 0x3333333333333333) | ((a & 0x3333333333333333) << 2);
  a = ((a >> 4) & 0x0f0f0f0f0f0f0f0f) | ((a & 0x0f0f0f0f0f0f0f0f) << 4);
  return bswap<u64>(a);
}

// Reflected polynomials: a set bit of weight 8 leaves the polynomial behind after 4 steps, one of weight 4 half of it, …
const CRC32_POLY: u32 = 0xedb88320;
const CRC32C_POLY: u32 = 0x82f63b78;

/** CRC of the low `bits` bits of `data` (Arm ARM, CRC32 instructions): 4 bits a step. */
// @ts-ignore: decorator
@inline
function crc(acc: u64, data: u64, bits: i32, poly: u32): u64 {
  let c = u32(acc);
  for (let i = 0; i < bits; i += 4) {
    const n = c ^ u32(data >> i);
    c = (c >> 4) ^ (poly & (0 - ((n >> 3) & 1))) ^ (poly >> 1 & (0 - ((n >> 2) & 1))) ^ (poly >> 2 & (0 - ((n >> 1) & 1))) ^ (poly >> 3 & (0 - (n & 1)));
  }
  return u64(c);
}
export function crc32b(env: usize, acc: u64, data: u64): u64 { return crc(acc, data, 8, CRC32_POLY); }
export function crc32h(env: usize, acc: u64, data: u64): u64 { return crc(acc, data, 16, CRC32_POLY); }
export function crc32w(env: usize, acc: u64, data: u64): u64 { return crc(acc, data, 32, CRC32_POLY); }
export function crc32x(env: usize, acc: u64, data: u64): u64 { return crc(acc, data, 64, CRC32_POLY); }
export function crc32cb(env: usize, acc: u64, data: u64): u64 { return crc(acc, data, 8, CRC32C_POLY); }
export function crc32ch(env: usize, acc: u64, data: u64): u64 { return crc(acc, data, 16, CRC32C_POLY); }
export function crc32cw(env: usize, acc: u64, data: u64): u64 { return crc(acc, data, 32, CRC32C_POLY); }
export function crc32cx(env: usize, acc: u64, data: u64): u64 { return crc(acc, data, 64, CRC32C_POLY); }
