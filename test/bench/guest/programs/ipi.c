// Inter-processor interrupts to and fro: CPU 0 interrupts CPU 1, whose handler interrupts CPU 0; both wait in WFI.
#include "bench.h"

#define TURNS 100
static volatile u64 answers;

static void interrupt(u32 cpu) {
  if (cpu == 0) answers = answers + 1;
  else if (cpu == 1 && !stopping) send_ipi(0);
}
static u64 iterate(struct cpu *c) {
  (void)c;
  for (int i = 0; i < TURNS; i++) {
    u64 before = answers;
    send_ipi(1);
    for (;;) {
      __asm__ volatile("msr daifset, #2");
      if (answers != before) break;
      __asm__ volatile("wfi\n msr daifclr, #2\n isb");
    }
    __asm__ volatile("msr daifclr, #2");
  }
  return 0;
}
static void assist(struct cpu *c) {
  (void)c;
  while (!stopping) {
    __asm__ volatile("msr daifset, #2");
    if (!stopping) __asm__ volatile("wfi");
    __asm__ volatile("msr daifclr, #2\n isb");
  }
}
static const char *verify(u64 iterations) { return answers == iterations * TURNS ? 0 : "interrupts were lost or doubled"; }

const struct program program = { .name = "ipi", .iterate = iterate, .assist = assist, .verify = verify, .interrupt = interrupt };
