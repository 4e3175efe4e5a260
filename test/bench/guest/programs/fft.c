// Radix-2 FFT of 2,048 complex floats, forward and back.
#include "bench.h"

#define LOG 11
#define N (1 << LOG)
struct complex { float re, im; };
struct data { struct complex twiddle[N / 2], in[N], v[N]; };

/** sin by its Taylor series, |x| ≤ π. */
static double sine(double x) {
  double term = x, sum = x;
  for (int k = 1; k < 14; k++) {
    term *= -x * x / ((2 * k) * (2 * k + 1));
    sum += term;
  }
  return sum;
}

static void init(struct cpu *c) {
  struct data *d = (struct data *)c->memory;
  u64 s = c->seed;
  const double pi = 3.14159265358979323846;
  for (int i = 0; i < N / 2; i++) d->twiddle[i] = (struct complex){ (float)sine(pi / 2 - 2 * pi * i / N), (float)-sine(2 * pi * i / N) };
  for (int i = 0; i < N; i++) d->in[i] = (struct complex){ (float)(i32)(random64(&s) >> 40) / 65536, (float)(i32)(random64(&s) >> 40) / 65536 };
}

static void transform(struct complex *v, const struct complex *twiddle, float sign) {
  for (u32 i = 1, j = 0; i < N; i++) {
    u32 bit = N >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) { struct complex t = v[i]; v[i] = v[j]; v[j] = t; }
  }
  for (u32 half = 1; half < N; half *= 2) {
    for (u32 at = 0; at < N; at += 2 * half) {
      for (u32 k = 0; k < half; k++) {
        struct complex w = twiddle[k * (N / 2 / half)], a = v[at + k], b = v[at + k + half];
        w.im *= sign;
        struct complex t = { b.re * w.re - b.im * w.im, b.re * w.im + b.im * w.re };
        v[at + k] = (struct complex){ a.re + t.re, a.im + t.im };
        v[at + k + half] = (struct complex){ a.re - t.re, a.im - t.im };
      }
    }
  }
}

static u64 iterate(struct cpu *c) {
  struct data *d = (struct data *)c->memory;
  memcpy(d->v, d->in, sizeof d->in);
  transform(d->v, d->twiddle, 1);
  u64 h = 0, w;
  for (int i = 0; i < N; i += 16) { __builtin_memcpy(&w, &d->v[i], 8); h = mix(h, w); }
  transform(d->v, d->twiddle, -1);
  for (int i = 0; i < N; i += 16) { __builtin_memcpy(&w, &d->v[i], 8); h = mix(h, w); }
  return h;
}

const struct program program = { .name = "fft", .init = init, .iterate = iterate };
