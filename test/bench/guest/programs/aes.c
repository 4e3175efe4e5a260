// AES-128 (FIPS 197) in counter mode, S-box and column arithmetic by bytes, over 16 KiB.
#include "bench.h"

#define BYTES (16u << 10)
static u8 sbox[256];

static u8 twice(u8 v) { return (u8)(v << 1 ^ (v >> 7) * 0x1b); }
static u8 times(u8 a, u8 b) {
  u8 r = 0;
  for (; b; b >>= 1, a = twice(a)) if (b & 1) r ^= a;
  return r;
}

static void init(struct cpu *c) {
  for (u32 i = 0; i < 256; i++) {
    u8 inverse = 0;
    for (u32 k = 1; k < 256 && i; k++) if (times((u8)i, (u8)k) == 1) inverse = (u8)k;
    u8 v = inverse;
    for (int k = 1; k < 5; k++) v ^= (u8)(inverse << k | inverse >> (8 - k));
    sbox[i] = v ^ 0x63;
  }
  u64 s = c->seed;
  for (u32 i = 0; i < BYTES; i++) c->memory[i] = (u8)(random64(&s) >> 33);
}

static void expand(const u8 key[16], u8 keys[176]) {
  memcpy(keys, key, 16);
  u8 round = 1;
  for (int i = 16; i < 176; i += 4) {
    u8 t[4] = { keys[i - 4], keys[i - 3], keys[i - 2], keys[i - 1] };
    if (i % 16 == 0) {
      u8 first = t[0];
      t[0] = sbox[t[1]] ^ round; t[1] = sbox[t[2]]; t[2] = sbox[t[3]]; t[3] = sbox[first];
      round = twice(round);
    }
    for (int k = 0; k < 4; k++) keys[i + k] = keys[i - 16 + k] ^ t[k];
  }
}
static void encrypt(const u8 keys[176], const u8 in[16], u8 out[16]) {
  u8 s[16], t[16];
  for (int i = 0; i < 16; i++) s[i] = in[i] ^ keys[i];
  for (int round = 1; round <= 10; round++) {
    for (int i = 0; i < 16; i++) t[i] = sbox[s[(i + (i & 3) * 4) & 15]];
    for (int k = 0; k < 16; k += 4) {
      u8 *p = t + k, all = p[0] ^ p[1] ^ p[2] ^ p[3], first = p[0];
      if (round == 10) continue;
      p[0] ^= all ^ twice(p[0] ^ p[1]);
      p[1] ^= all ^ twice(p[1] ^ p[2]);
      p[2] ^= all ^ twice(p[2] ^ p[3]);
      p[3] ^= all ^ twice(p[3] ^ first);
    }
    for (int i = 0; i < 16; i++) s[i] = t[i] ^ keys[round * 16 + i];
  }
  memcpy(out, s, 16);
}

static u64 iterate(struct cpu *c) {
  static const u8 key[16] = { 0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6, 0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c };
  u8 keys[176], block[16] = { 0 }, stream[16];
  u64 h = 0;
  expand(key, keys);
  for (u32 at = 0; at < BYTES; at += 16) {
    block[14] = (u8)(at >> 12);
    block[15] = (u8)(at >> 4);
    encrypt(keys, block, stream);
    for (int i = 0; i < 16; i++) stream[i] ^= c->memory[at + i];
    u64 w;
    __builtin_memcpy(&w, stream, 8);
    h = mix(h, w);
  }
  return h;
}

const struct program program = { .name = "aes", .init = init, .iterate = iterate };
