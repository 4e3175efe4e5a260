// SHA-256 (FIPS 180-4) by the cryptographic instructions over 64 KiB; the checksum is that of sha256.c.
#include "bench.h"
#include <arm_neon.h>

#define BYTES (64u << 10)
static const u32 K[64] = {
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static void init(struct cpu *c) {
  u64 s = c->seed;
  for (u32 i = 0; i < BYTES; i++) c->memory[i] = (u8)(random64(&s) >> 33);
}

static inline __attribute__((always_inline)) void block(uint32x4_t *abcd, uint32x4_t *efgh, const u8 *p) {
  uint32x4_t w[4], x = *abcd, y = *efgh;
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) w[i] = vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(p + 16 * i)));
#pragma GCC unroll 16
  for (int i = 0; i < 16; i++) {
    uint32x4_t sum = vaddq_u32(w[i & 3], vld1q_u32(K + 4 * i)), before = x;
    if (i < 12) w[i & 3] = vsha256su1q_u32(vsha256su0q_u32(w[i & 3], w[(i + 1) & 3]), w[(i + 2) & 3], w[(i + 3) & 3]);
    x = vsha256hq_u32(x, y, sum);
    y = vsha256h2q_u32(y, before, sum);
  }
  *abcd = vaddq_u32(*abcd, x);
  *efgh = vaddq_u32(*efgh, y);
}

static u64 iterate(struct cpu *c) {
  static const u32 start[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };
  uint32x4_t abcd = vld1q_u32(start), efgh = vld1q_u32(start + 4);
  for (u32 at = 0; at < BYTES; at += 64) block(&abcd, &efgh, c->memory + at);
  u8 last[64] = { 0x80 };
  for (int i = 0; i < 8; i++) last[56 + i] = (u8)((u64)BYTES * 8 >> (56 - 8 * i));
  block(&abcd, &efgh, last);
  return (u64)abcd[0] << 32 | abcd[1];
}

const struct program program = { .name = "sha256-crypto", .init = init, .iterate = iterate };
