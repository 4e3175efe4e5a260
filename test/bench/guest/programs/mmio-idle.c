// Latency of a device register read after 5 ms in which nothing was asked of the device's thread.
#include "mmio.h"

static u64 iterate(struct cpu *c) {
  (void)c;
  u64 frequency, begin = counter();
  __asm__ volatile("mrs %0, cntfrq_el0" : "=r"(frequency));
  while (counter() - begin < frequency / 200) {}
  timed_read();
  return 0;
}

const struct program program = { .name = "mmio-idle", .iterate = iterate, .value = value };
