// memcpy of 8 bytes to 64 KiB, aligned and not, and memset: 256 KiB in all of each size.
#include "bench.h"

#define TOTAL (256u << 10)
#define SPACE (128u << 10)
static const u32 sizes[] = { 8, 24, 63, 128, 1000, 4096, 65536 };

static void init(struct cpu *c) {
  u64 s = c->seed;
  for (u32 i = 0; i < SPACE; i++) c->memory[i] = (u8)(random64(&s) >> 33);
}

static u64 iterate(struct cpu *c) {
  u8 *from = c->memory, *to = c->memory + SPACE;
  u64 h = 0;
  for (u32 k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
    u32 n = sizes[k], at = 0;
    memset(to, (int)k, n);
    for (u32 done = 0; done < TOTAL; done += n) {
      memcpy(to + (at & 7), from + at, n);
      at = (at + n + 1) & (SPACE / 2 - 1);
    }
    h = mix(h, *(u64 *)(to + n / 2));
  }
  return h;
}

const struct program program = { .name = "memcpy", .init = init, .iterate = iterate };
