// AES-128 in counter mode by the cryptographic instructions, four blocks at a time, over 16 KiB; the checksum is that of aes.c.
#include "bench.h"
#include "aes.h"

#define BYTES (16u << 10)

static void init(struct cpu *c) {
  u64 s = c->seed;
  for (u32 i = 0; i < BYTES; i++) c->memory[i] = (u8)(random64(&s) >> 33);
}

static u64 iterate(struct cpu *c) {
  static const u8 key[16] = { 0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6, 0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c };
  uint8x16_t keys[11];
  u64 h = 0;
  aes_expand(key, keys);
  for (u32 at = 0; at < BYTES; at += 64) {
    uint8x16_t v[4];
    // The counter is big-endian in the last bytes.
#pragma GCC unroll 4
    for (u32 i = 0; i < 4; i++) v[i] = aes_encrypt(keys, vreinterpretq_u8_u32(vsetq_lane_u32(__builtin_bswap32(at / 16 + i), vdupq_n_u32(0), 3)));
#pragma GCC unroll 4
    for (u32 i = 0; i < 4; i++) h = mix(h, vgetq_lane_u64(vreinterpretq_u64_u8(veorq_u8(v[i], vld1q_u8(c->memory + at + 16 * i))), 0));
  }
  return h;
}

const struct program program = { .name = "aes-ctr", .init = init, .iterate = iterate };
