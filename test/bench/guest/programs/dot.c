// Dot products of 8 Ki doubles and of 8 Ki words, vectorised by the compiler.
#include "bench.h"

#define N 8192
struct data { double x[N], y[N]; i32 p[N], q[N]; };

static void init(struct cpu *c) {
  struct data *d = (struct data *)c->memory;
  u64 s = c->seed;
  for (int i = 0; i < N; i++) {
    d->x[i] = (double)(i32)(random64(&s) >> 40) / 65536;
    d->y[i] = (double)(i32)(random64(&s) >> 40) / 65536;
    d->p[i] = (i32)(random64(&s) >> 32);
    d->q[i] = (i32)(random64(&s) >> 32);
  }
}
static double __attribute__((noinline)) dot(const double *x, const double *y, int n) {
  double sum = 0;
  for (int i = 0; i < n; i++) sum += x[i] * y[i];
  return sum;
}
static i64 __attribute__((noinline)) dot_int(const i32 *p, const i32 *q, int n) {
  i64 sum = 0;
  for (int i = 0; i < n; i++) sum += (i64)p[i] * q[i];
  return sum;
}

static u64 iterate(struct cpu *c) {
  struct data *d = (struct data *)c->memory;
  u64 h = 0;
  for (int k = 0; k < 8; k++) h = mix(h, bits(dot(d->x + k * 8, d->y, N - 64)) ^ (u64)dot_int(d->p + k * 8, d->q, N - 64));
  return h;
}

const struct program program = { .name = "dot", .init = init, .iterate = iterate };
