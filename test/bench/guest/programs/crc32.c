// CRC-32 by table, a byte at a time, over 256 KiB.
#include "bench.h"

#define BYTES (256u << 10)
static u32 table[256];

static void init(struct cpu *c) {
  for (u32 i = 0; i < 256; i++) {
    u32 v = i;
    for (int k = 0; k < 8; k++) v = v & 1 ? v >> 1 ^ 0xedb88320u : v >> 1;
    table[i] = v;
  }
  u64 s = c->seed;
  for (u32 i = 0; i < BYTES; i++) c->memory[i] = (u8)(random64(&s) >> 33);
}

static u64 iterate(struct cpu *c) {
  u32 crc = ~0u;
  for (const u8 *p = c->memory, *end = p + BYTES; p < end; p++) crc = table[(crc ^ *p) & 0xff] ^ crc >> 8;
  return ~crc;
}

const struct program program = { .name = "crc32", .init = init, .iterate = iterate };
