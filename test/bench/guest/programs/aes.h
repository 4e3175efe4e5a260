// AES-128 by the cryptographic instructions (FIPS 197): key schedule and blocks; include after bench.h.
#pragma once
#include <arm_neon.h>

/** Key schedule: SubWord by AESE with a zero key, on a word in every column (ShiftRows then moves nothing). */
static inline void aes_expand(const u8 key[16], uint8x16_t keys[11]) {
  u32 w[44], round = 1;
  memcpy(w, key, 16);
  for (int i = 4; i < 44; i++) {
    u32 t = w[i - 1];
    if (i % 4 == 0) {
      uint8x16_t s = vaeseq_u8(vreinterpretq_u8_u32(vdupq_n_u32(t)), vdupq_n_u8(0));
      t = vgetq_lane_u32(vreinterpretq_u32_u8(s), 0);
      t = (t >> 8 | t << 24) ^ round;
      round = round << 1 ^ (round >> 7) * 0x11b;
    }
    w[i] = w[i - 4] ^ t;
  }
  for (int i = 0; i < 11; i++) keys[i] = vreinterpretq_u8_u32(vld1q_u32(w + 4 * i));
}
static inline __attribute__((always_inline)) uint8x16_t aes_encrypt(const uint8x16_t keys[11], uint8x16_t v) {
#pragma GCC unroll 9
  for (int i = 0; i < 9; i++) v = vaesmcq_u8(vaeseq_u8(v, keys[i]));
  return veorq_u8(vaeseq_u8(v, keys[9]), keys[10]);
}
