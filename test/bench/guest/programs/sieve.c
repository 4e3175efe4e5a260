// Sieve of Eratosthenes up to 256 Ki, a byte a number.
#include "bench.h"

#define N (256u << 10)

static u64 iterate(struct cpu *c) {
  u8 *composite = c->memory;
  memset(composite, 0, N);
  u64 count = 0, last = 0;
  for (u32 i = 2; i < N; i++) {
    if (composite[i]) continue;
    count++;
    last = i;
    if ((u64)i * i < N) for (u32 j = i * i; j < N; j += i) composite[j] = 1;
  }
  return mix(count, last);
}

const struct program program = { .name = "sieve", .iterate = iterate };
