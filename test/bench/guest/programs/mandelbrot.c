// Mandelbrot set, 48 × 32 points, at most 200 steps each, in double precision.
#include "bench.h"

static u64 iterate(struct cpu *c) {
  (void)c;
  u64 h = 0;
  for (int row = 0; row < 32; row++) {
    u64 sum = 0;
    for (int column = 0; column < 48; column++) {
      double cr = column * (3.0 / 48) - 2.25, ci = row * (2.5 / 32) - 1.25, r = 0, i = 0;
      int n = 0;
      while (n < 200) {
        double r2 = r * r, i2 = i * i;
        if (r2 + i2 > 4) break;
        i = 2 * r * i + ci;
        r = r2 - i2 + cr;
        n++;
      }
      sum = sum * 3 + (u64)n;
    }
    h = mix(h, sum);
  }
  return h;
}

const struct program program = { .name = "mandelbrot", .iterate = iterate };
