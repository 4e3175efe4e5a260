// y = a x + y over 8 Ki floats, vectorised by the compiler.
#include "bench.h"

#define N 8192
struct data { float x[N], y[N]; };

static void init(struct cpu *c) {
  struct data *d = (struct data *)c->memory;
  u64 s = c->seed;
  for (int i = 0; i < N; i++) d->x[i] = (float)(i32)(random64(&s) >> 40) / 65536;
}
static void __attribute__((noinline)) saxpy(float a, const float *restrict x, float *restrict y) {
  for (int i = 0; i < N; i++) y[i] += a * x[i];
}

static u64 iterate(struct cpu *c) {
  struct data *d = (struct data *)c->memory;
  for (int i = 0; i < N; i++) d->y[i] = (float)i;
  for (int k = 0; k < 16; k++) saxpy(0.125f * (float)k - 1, d->x, d->y);
  u64 h = 0;
  for (int i = 0; i < N; i += 64) { u32 w; __builtin_memcpy(&w, &d->y[i], 4); h = mix(h, w); }
  return h;
}

const struct program program = { .name = "saxpy", .init = init, .iterate = iterate };
