// Latency of a device register read, one after the other.
#include "mmio.h"

static u64 iterate(struct cpu *c) {
  (void)c;
  for (int i = 0; i < 100; i++) timed_read();
  return 0;
}

const struct program program = { .name = "mmio-spin", .iterate = iterate, .value = value };
