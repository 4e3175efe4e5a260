// Fibonacci numbers by naive recursion: calls and returns.
#include "bench.h"

static u64 __attribute__((noinline, optimize("no-optimize-sibling-calls"))) fib(u64 n) {
  u64 a, b;
  if (n < 2) return n;
  a = fib(n - 1);
  __asm__ volatile("" : "+r"(a)); /* keeps both calls: without it the compiler turns one into a loop and inlines many levels */
  b = fib(n - 2);
  return a + b;
}

static u64 iterate(struct cpu *c) {
  (void)c;
  return fib(22);
}

const struct program program = { .name = "fib", .iterate = iterate };
