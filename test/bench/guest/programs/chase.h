// Pointer chasing through NODES nodes STRIDE bytes apart, in random order; the program says how many of both.
#include "bench.h"

static u64 *start[MAX_CPUS];

static void init(struct cpu *c) {
  u64 s = c->seed, n = NODES;
  u32 *order = take(c, n * 4);
  u8 *nodes = take(c, n * STRIDE);
  for (u32 i = 0; i < n; i++) order[i] = i;
  for (u32 i = n - 1; i > 0; i--) {
    u32 j = random64(&s) % (i + 1), t = order[i];
    order[i] = order[j];
    order[j] = t;
  }
#define NODE(i) ((u64 *)(nodes + (u64)order[i] * STRIDE + (order[i] % (STRIDE / 64)) * 64))
  for (u32 i = 0; i < n; i++) {
    NODE(i)[0] = (u64)NODE((i + 1) % n);
    NODE(i)[1] = order[i];
  }
  start[c->number] = NODE(0);
}

static u64 iterate(struct cpu *c) {
  u64 sum = 0;
  const u64 *p = start[c->number];
  for (u32 i = 0; i < STEPS; i++) {
    sum += p[1] ^ i;
    p = (const u64 *)p[0];
  }
  return sum;
}
