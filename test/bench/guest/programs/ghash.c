// GHASH (NIST SP 800-38D), the universal hash of AES-GCM, by PMULL over 16 KiB; blocks are bit-reversed so that bit i stands for x^i.
#include "bench.h"
#include <arm_neon.h>

#define BYTES (16u << 10)

static void init(struct cpu *c) {
  u64 s = c->seed;
  for (u32 i = 0; i < BYTES; i++) c->memory[i] = (u8)(random64(&s) >> 33);
}

static inline uint64x2_t pmull(u64 a, u64 b) { return vreinterpretq_u64_p128(vmull_p64((poly64_t)a, (poly64_t)b)); }
static inline uint64x2_t pmull_high(uint64x2_t a, uint64x2_t b) { return vreinterpretq_u64_p128(vmull_high_p64(vreinterpretq_p64_u64(a), vreinterpretq_p64_u64(b))); }

/** a × b modulo x^128 + x^7 + x^2 + x + 1. */
static inline uint64x2_t multiply(uint64x2_t a, uint64x2_t b) {
  uint64x2_t low = pmull(a[0], b[0]), high = pmull_high(a, b), swapped = vextq_u64(b, b, 1), zero = vdupq_n_u64(0);
  uint64x2_t middle = veorq_u64(pmull(a[0], swapped[0]), pmull_high(a, swapped));
  low = veorq_u64(low, vextq_u64(zero, middle, 1));
  high = veorq_u64(high, vextq_u64(middle, zero, 1));
  // x^128 = x^7 + x^2 + x + 1, for the upper and then the lower half of what is above.
  uint64x2_t poly = vdupq_n_u64(0x87), top = pmull_high(high, poly);
  low = veorq_u64(low, vextq_u64(zero, top, 1));
  high = veorq_u64(high, vextq_u64(top, zero, 1));
  return veorq_u64(low, pmull(high[0], poly[0]));
}

static u64 iterate(struct cpu *c) {
  const uint64x2_t h = { 0x66e94bd4ef8a2c3bul, 0x884cfa59ca342b2eul };
  uint64x2_t y = vdupq_n_u64(0);
  for (u32 at = 0; at < BYTES; at += 16) {
    uint64x2_t block = vreinterpretq_u64_u8(vrbitq_u8(vld1q_u8(c->memory + at)));
    y = multiply(veorq_u64(y, block), h);
  }
  return mix(y[0], y[1]);
}

const struct program program = { .name = "ghash", .init = init, .iterate = iterate };
