// Runs the guest loop of test/support/fp-sets.ts on batches of operand sets under qemu-aarch64.
// Standard input: the loop's words, then batches of a header and sets; standard output: results.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

struct batch { uint32_t word, fpcr, count, pad; };

// Calls the loop: x0 = code, x1 = sets, x2 = results, x3 = count, x4 = FPCR.
void run(void *code, void *sets, void *results, uint64_t count, uint64_t fpcr);
__asm__(
  ".global run\n"
  "run: stp x29, x30, [sp, #-48]!\n stp x20, x21, [sp, #16]\n str x22, [sp, #32]\n"
  "mov x20, x1\n mov x21, x2\n mov x22, x3\n msr fpcr, x4\n"
  "blr x0\n"
  "msr fpcr, xzr\n ldr x22, [sp, #32]\n ldp x20, x21, [sp, #16]\n ldp x29, x30, [sp], #48\n ret\n");

static void get(void *p, size_t n) { if (fread(p, 1, n, stdin) != n) exit(1); }

int main(void) {
  static uint8_t sets[1 << 20], results[1 << 20];
  uint32_t head[2];  // words of the loop, number of the word under test
  get(head, sizeof head);
  uint32_t *code = mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  get(code, 4 * head[0]);
  struct batch b;
  while (fread(&b, sizeof b, 1, stdin) == 1) {
    if (b.count * 112 > sizeof sets) return 1;
    get(sets, b.count * 112);
    if (code[head[1]] != b.word) {
      code[head[1]] = b.word;
      __builtin___clear_cache((char *)code, (char *)(code + head[0]));
    }
    run(code, sets, results, b.count, b.fpcr);
    fwrite(results, 32, b.count, stdout);
  }
  return 0;
}
