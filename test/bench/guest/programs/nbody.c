// Five bodies under gravity, 400 steps of a symplectic integrator in double precision.
#include "bench.h"

#define BODIES 5
struct body { double x, y, z, vx, vy, vz, mass; };

static u64 iterate(struct cpu *c) {
  struct body b[BODIES];
  u64 s = c->seed;
  for (int i = 0; i < BODIES; i++) {
    double *v = &b[i].x;
    for (int k = 0; k < 6; k++) v[k] = (double)(i64)(random64(&s) >> 12) / 4503599627370496.0 * (k < 3 ? 30 : 2) - (k < 3 ? 15 : 1);
    b[i].mass = i ? 0.03 * i : 39.5;
  }
  for (int step = 0; step < 400; step++) {
    for (int i = 0; i < BODIES; i++) {
      for (int j = i + 1; j < BODIES; j++) {
        double dx = b[i].x - b[j].x, dy = b[i].y - b[j].y, dz = b[i].z - b[j].z;
        double d2 = dx * dx + dy * dy + dz * dz, f = 0.005 / (d2 * __builtin_sqrt(d2));
        b[i].vx -= dx * b[j].mass * f; b[i].vy -= dy * b[j].mass * f; b[i].vz -= dz * b[j].mass * f;
        b[j].vx += dx * b[i].mass * f; b[j].vy += dy * b[i].mass * f; b[j].vz += dz * b[i].mass * f;
      }
    }
    for (int i = 0; i < BODIES; i++) { b[i].x += 0.005 * b[i].vx; b[i].y += 0.005 * b[i].vy; b[i].z += 0.005 * b[i].vz; }
  }
  u64 h = 0;
  for (int i = 0; i < BODIES; i++) h = mix(h, bits(b[i].x) ^ bits(b[i].vy));
  return h;
}

const struct program program = { .name = "nbody", .iterate = iterate };
