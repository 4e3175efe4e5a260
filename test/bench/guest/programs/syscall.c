// System calls from EL0: SVC, all registers saved, a call through a table, registers back, ERET.
#include "bench.h"

#define CALLS 4000

static u64 iterate(struct cpu *c) {
  (void)c;
  return run_el0(CALLS, EL0_ADDRESS(el0_system_calls));
}

const struct program program = { .name = "syscall", .iterate = iterate };
