// Runs a kernel of fp-kernels.ts natively: words on standard input, rounds as argument; prints nanoseconds a round.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

static double buffers[2][514];
static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec * 1e9 + t.tv_nsec; }
static void run(void *code, uint64_t n) {
  register uint64_t x0 __asm__("x0") = n;
  register void *x1 __asm__("x1") = buffers[0], *x2 __asm__("x2") = buffers[1];
  __asm__ volatile("blr %3" : "+r"(x0), "+r"(x1), "+r"(x2) : "r"(code)
    : "x3", "x4", "x5", "x6", "x7", "x30", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "cc", "memory");
}

int main(int argc, char **argv) {
  uint64_t n = strtoull(argv[1], 0, 10);
  void *code = mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (argc != 2 || fread(code, 1, 4096, stdin) == 0) return 1;
  __builtin___clear_cache(code, (char *)code + 4096);
  for (int i = 0; i < 514; i++) { buffers[0][i] = 1 + i / 512.0; buffers[1][i] = 2 - i / 513.0; }
  run(code, n / 10);
  double best = 1e30;
  for (int i = 0; i < 5; i++) {
    double t = now();
    run(code, n);
    t = now() - t;
    if (t < best) best = t;
  }
  printf("%.3f\n", best / n);
  return 0;
}
