// A storm of broadcast TLB invalidations of single pages, while each CPU reads 16 pages of its own in turn.
#include "bench.h"

#define TURNS 100

static u64 iterate(struct cpu *c) {
  u64 sum = 0;
  for (u64 i = 0; i < TURNS; i++) {
    const volatile u64 *page = (const volatile u64 *)(c->memory + (i & 15) * PAGE);
    __asm__ volatile("dsb ishst\n tlbi vae1is, %0\n dsb ish\n isb" :: "r"((u64)page >> 12) : "memory");
    for (u64 k = 0; k < 16; k++) sum += *(const volatile u64 *)(c->memory + k * PAGE) + k;
  }
  return sum;
}

const struct program program = { .name = "tlb-flush", .iterate = iterate };
