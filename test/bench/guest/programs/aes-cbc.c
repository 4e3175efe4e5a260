// AES-128 in cipher block chaining mode by the cryptographic instructions over 16 KiB: each block waits for the one before.
#include "bench.h"
#include "aes.h"

#define BYTES (16u << 10)

static void init(struct cpu *c) {
  u64 s = c->seed;
  for (u32 i = 0; i < BYTES; i++) c->memory[i] = (u8)(random64(&s) >> 33);
}

static u64 iterate(struct cpu *c) {
  static const u8 key[16] = { 0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6, 0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c };
  uint8x16_t keys[11], v = vdupq_n_u8(0);
  u8 *out = c->memory + BYTES;
  aes_expand(key, keys);
  for (u32 at = 0; at < BYTES; at += 16) {
    v = aes_encrypt(keys, veorq_u8(v, vld1q_u8(c->memory + at)));
    vst1q_u8(out + at, v);
  }
  return vgetq_lane_u64(vreinterpretq_u64_u8(v), 0);
}

const struct program program = { .name = "aes-cbc", .init = init, .iterate = iterate };
