// A test-and-set spinlock of exclusives that waits by WFE, all CPUs for the same counter.
#include "bench.h"

#define TURNS 1000
static volatile u32 lock __attribute__((aligned(64)));
static volatile u64 shared __attribute__((aligned(64)));

static inline void acquire(volatile u32 *l) {
  u32 v, busy;
  __asm__ volatile("sevl\n1: wfe\n2: ldaxr %w0, [%2]\n cbnz %w0, 1b\n stxr %w1, %w3, [%2]\n cbnz %w1, 2b" : "=&r"(v), "=&r"(busy) : "r"(l), "r"(1) : "memory");
}
static inline void release(volatile u32 *l) { __asm__ volatile("stlr wzr, [%0]" :: "r"(l) : "memory"); }

static u64 iterate(struct cpu *c) {
  (void)c;
  for (int i = 0; i < TURNS; i++) {
    acquire(&lock);
    shared = shared + 1;
    release(&lock);
  }
  return 0;
}
static const char *verify(u64 iterations) { return shared == iterations * TURNS ? 0 : "the spinlock let two in"; }

const struct program program = { .name = "spinlock", .iterate = iterate, .verify = verify };
