// Product of two 80 × 80 matrices of doubles, and one Gauss-Jordan sweep of the result.
#include "bench.h"

#define N 80
struct data { double a[N][N], b[N][N], c[N][N]; };

static void init(struct cpu *c) {
  struct data *d = (struct data *)c->memory;
  u64 s = c->seed;
  for (int i = 0; i < N; i++) for (int j = 0; j < N; j++) { d->a[i][j] = (double)(random64(&s) >> 40) / 65536 + (i == j ? 1000 : 0); d->b[i][j] = (double)(random64(&s) >> 40) / 65536; }
}

static u64 iterate(struct cpu *c) {
  struct data *d = (struct data *)c->memory;
  for (int i = 0; i < N; i++) {
    for (int j = 0; j < N; j++) {
      double sum = 0;
      for (int k = 0; k < N; k++) sum += d->a[i][k] * d->b[k][j];
      d->c[i][j] = sum;
    }
  }
  for (int p = 0; p < 8; p++) {
    double r = 1 / d->c[p][p];
    for (int i = 0; i < N; i++) {
      if (i == p) continue;
      double f = d->c[i][p] * r;
      for (int j = p; j < N; j++) d->c[i][j] -= f * d->c[p][j];
    }
  }
  u64 h = 0;
  for (int i = 0; i < N; i++) h = mix(h, bits(d->c[i][(i * 7) % N]));
  return h;
}

const struct program program = { .name = "matrix-double", .init = init, .iterate = iterate };
