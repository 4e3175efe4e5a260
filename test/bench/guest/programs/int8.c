// 8-bit pictures, vectorised by the compiler: blend, saturating add, threshold, sum of absolute differences, 3-tap filter.
#include "bench.h"

#define N (32 << 10)
struct data { u8 a[N], b[N], out[N]; };

static void init(struct cpu *c) {
  struct data *d = (struct data *)c->memory;
  u64 s = c->seed;
  for (int i = 0; i < N; i++) { d->a[i] = (u8)(random64(&s) >> 40); d->b[i] = (u8)(random64(&s) >> 40); }
}
#define KERNEL static void __attribute__((noinline))
KERNEL blend(u8 *restrict o, const u8 *restrict a, const u8 *restrict b) {
  for (int i = 0; i < N; i++) o[i] = (u8)((a[i] * 180 + b[i] * 76) >> 8);
}
KERNEL add_saturating(u8 *restrict o, const u8 *restrict a) {
  for (int i = 0; i < N; i++) { u32 v = (u32)o[i] + a[i]; o[i] = (u8)(v > 255 ? 255 : v); }
}
KERNEL threshold(u8 *restrict o, const u8 *restrict b) {
  for (int i = 0; i < N; i++) o[i] = o[i] > b[i] ? o[i] : (u8)(b[i] >> 1);
}
KERNEL filter(u8 *restrict o, const u8 *restrict a) {
  o[0] = a[0];
  o[N - 1] = a[N - 1];
  for (int i = 1; i < N - 1; i++) o[i] = (u8)((a[i - 1] + 2 * a[i] + a[i + 1] + 2) >> 2);
}
static u32 __attribute__((noinline)) differences(const u8 *a, const u8 *b) {
  u32 sum = 0;
  for (int i = 0; i < N; i++) sum += a[i] > b[i] ? a[i] - b[i] : b[i] - a[i];
  return sum;
}

static u64 iterate(struct cpu *c) {
  struct data *d = (struct data *)c->memory;
  u64 h = 0;
  filter(d->out, d->a);
  h = mix(h, differences(d->out, d->a));
  blend(d->out, d->a, d->b);
  h = mix(h, differences(d->out, d->b));
  add_saturating(d->out, d->a);
  threshold(d->out, d->b);
  return mix(h, differences(d->out, d->a));
}

const struct program program = { .name = "int8", .init = init, .iterate = iterate };
