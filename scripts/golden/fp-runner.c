// Runs one A64 instruction on each state read from stdin and writes the resulting state to stdout.
// Built and run by fp-golden.ts under qemu-aarch64.
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>

struct state {
  uint32_t insn, fpcr, fpsr, nzcv;
  uint64_t x[4];
  __uint128_t v[8];
  uint8_t mem[256];
};
// nzcv bit 0: x0 is an offset in `mem` before and after the instruction, an address while it runs.

// Loads the state, calls the code, stores the state. x19 = state, x20 = code.
void run(struct state *s, void *code);
__asm__(
  ".arch armv8.5-a+fp16\n"
  ".global run\n"
  "run: stp x29, x30, [sp, #-128]!\n stp x19, x20, [sp, #16]\n"
  "stp d8, d9, [sp, #32]\n stp d10, d11, [sp, #48]\n stp d12, d13, [sp, #64]\n stp d14, d15, [sp, #80]\n"
  "mov x19, x0\n mov x20, x1\n"
  "ldp w4, w5, [x19, #4]\n ldr w6, [x19, #12]\n msr fpcr, x4\n msr fpsr, x5\n msr nzcv, x6\n"
  "ldp q0, q1, [x19, #48]\n ldp q2, q3, [x19, #80]\n ldp q4, q5, [x19, #112]\n ldp q6, q7, [x19, #144]\n"
  "ldp x0, x1, [x19, #16]\n ldp x2, x3, [x19, #32]\n"
  "blr x20\n"
  "stp x0, x1, [x19, #16]\n stp x2, x3, [x19, #32]\n"
  "stp q0, q1, [x19, #48]\n stp q2, q3, [x19, #80]\n stp q4, q5, [x19, #112]\n stp q6, q7, [x19, #144]\n"
  "mrs x5, fpsr\n mrs x6, nzcv\n str w5, [x19, #8]\n str w6, [x19, #12]\n msr fpcr, xzr\n"
  "ldp d8, d9, [sp, #32]\n ldp d10, d11, [sp, #48]\n ldp d12, d13, [sp, #64]\n ldp d14, d15, [sp, #80]\n"
  "ldp x19, x20, [sp, #16]\n ldp x29, x30, [sp], #128\n ret\n");

int main(void) {
  uint32_t *code = mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  struct state s __attribute__((aligned(16)));
  code[1] = 0xd65f03c0;  // ret
  while (fread(&s, sizeof s, 1, stdin) == 1) {
    if (code[0] != s.insn) {
      code[0] = s.insn;
      __builtin___clear_cache((char *)code, (char *)code + 8);
    }
    int isAddress = s.nzcv & 1;
    if (isAddress) s.x[0] += (uint64_t)s.mem;
    run(&s, code);
    if (isAddress) s.x[0] -= (uint64_t)s.mem;
    fwrite(&s, sizeof s, 1, stdout);
  }
  return 0;
}
