// Two CPUs hand a word to and fro, each spinning until it is its turn.
#include "bench.h"

#define TURNS 500
static u32 ball __attribute__((aligned(64)));

static u64 iterate(struct cpu *c) {
  (void)c;
  for (int i = 0; i < TURNS; i++) {
    __atomic_store_n(&ball, 1, __ATOMIC_RELEASE);
    while (__atomic_load_n(&ball, __ATOMIC_ACQUIRE)) __asm__ volatile("yield");
  }
  return 0;
}
static void assist(struct cpu *c) {
  (void)c;
  while (!__atomic_load_n(&stopping, __ATOMIC_ACQUIRE)) {
    if (__atomic_load_n(&ball, __ATOMIC_ACQUIRE)) __atomic_store_n(&ball, 0, __ATOMIC_RELEASE);
    else __asm__ volatile("yield");
  }
}

const struct program program = { .name = "ping-pong", .iterate = iterate, .assist = assist };
