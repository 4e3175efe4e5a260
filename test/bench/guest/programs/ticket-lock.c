// A ticket lock: a CPU takes the next number and spins until it is its turn.
#include "bench.h"

#define TURNS 1000
static u32 next_ticket __attribute__((aligned(64))), serving;
static volatile u64 shared __attribute__((aligned(64)));

static u64 iterate(struct cpu *c) {
  (void)c;
  for (int i = 0; i < TURNS; i++) {
    u32 mine = __atomic_fetch_add(&next_ticket, 1, __ATOMIC_ACQUIRE);
    while (__atomic_load_n(&serving, __ATOMIC_ACQUIRE) != mine) __asm__ volatile("yield");
    shared = shared + 1;
    __atomic_store_n(&serving, mine + 1, __ATOMIC_RELEASE);
  }
  return 0;
}
static const char *verify(u64 iterations) { return shared == iterations * TURNS ? 0 : "the ticket lock let two in"; }

const struct program program = { .name = "ticket-lock", .iterate = iterate, .verify = verify };
