// Product of two 96 × 96 matrices of 32-bit integers.
#include "bench.h"

#define N 96
struct data { i32 a[N][N], b[N][N], c[N][N]; };

static void init(struct cpu *c) {
  struct data *d = (struct data *)c->memory;
  u64 s = c->seed;
  for (int i = 0; i < N; i++) for (int j = 0; j < N; j++) { d->a[i][j] = (i32)random64(&s); d->b[i][j] = (i32)random64(&s); }
}

static u64 iterate(struct cpu *c) {
  struct data *d = (struct data *)c->memory;
  for (int i = 0; i < N; i++) {
    for (int j = 0; j < N; j++) {
      i32 sum = 0;
      for (int k = 0; k < N; k++) sum = (i32)((u32)sum + (u32)d->a[i][k] * (u32)d->b[k][j]);
      d->c[i][j] = sum;
    }
  }
  u64 h = 0;
  for (int i = 0; i < N; i++) h = mix(h, (u32)d->c[i][(i * 7) % N]);
  return h;
}

const struct program program = { .name = "matrix-int", .init = init, .iterate = iterate };
