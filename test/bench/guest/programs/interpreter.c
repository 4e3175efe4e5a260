// A bytecode interpreter: a register machine with a jump table, running sieve, Collatz and a sort of its own.
#include "bench.h"

enum { LOADI, MOVE, ADD, SUB, MUL, SHR, AND, LD, ST, JMP, JLT, JEQ, JNZ, ADDI, HALT };
struct insn { u8 op, a, b, c; i32 imm; };

#define SIZE 2000
/** Registers: 0 sum, 1 i, 2 j, 3 n, 4 t, 5 zero, 6 one, 7 limit, 8 three. */
static const struct insn code[] = {
  { LOADI, 0, 0, 0, 0 }, { LOADI, 5, 0, 0, 0 }, { LOADI, 6, 0, 0, 1 }, { LOADI, 7, 0, 0, SIZE }, { LOADI, 8, 0, 0, 3 },
  /* 5: memory[i] = 1 */
  { LOADI, 1, 0, 0, 0 },
  { ST, 6, 1, 0, 0 }, { ADDI, 1, 1, 0, 1 }, { JLT, 0, 1, 7, 6 },
  /* 9: cross out multiples */
  { LOADI, 1, 0, 0, 2 },
  { LD, 4, 1, 0, 0 }, { JEQ, 0, 4, 5, 17 },
  { ADDI, 0, 0, 0, 1 }, { ADD, 2, 1, 1, 0 },
  { JLT, 0, 7, 2, 17 }, { ST, 5, 2, 0, 0 }, { JMP, 0, 0, 0, 27 },
  { ADDI, 1, 1, 0, 1 }, { JLT, 0, 1, 7, 10 },
  /* 19: Collatz of 1 … 299 */
  { LOADI, 1, 0, 0, 1 },
  { MOVE, 3, 1, 0, 0 },
  { JEQ, 0, 3, 6, 32 }, { AND, 4, 3, 6, 0 }, { JNZ, 0, 4, 0, 29 },
  { SHR, 3, 3, 0, 1 }, { ADDI, 0, 0, 0, 1 }, { JMP, 0, 0, 0, 21 },
  /* 27: next multiple */
  { ADD, 2, 2, 1, 0 }, { JMP, 0, 0, 0, 14 },
  /* 29: odd */
  { MUL, 3, 3, 8, 0 }, { ADDI, 3, 3, 0, 1 }, { JMP, 0, 0, 0, 25 },
  /* 32 */
  { ADDI, 1, 1, 0, 1 }, { LOADI, 4, 0, 0, 300 }, { JLT, 0, 1, 4, 20 },
  { HALT, 0, 0, 0, 0 },
};

static u64 execute(const struct insn *program, i64 *memory, u64 *steps) {
  i64 r[16] = { 0 };
  u64 n = 0;
  for (const struct insn *pc = program;; n++) {
    const struct insn *i = pc++;
    switch (i->op) {
      case LOADI: r[i->a] = i->imm; break;
      case MOVE: r[i->a] = r[i->b]; break;
      case ADD: r[i->a] = r[i->b] + r[i->c]; break;
      case SUB: r[i->a] = r[i->b] - r[i->c]; break;
      case MUL: r[i->a] = r[i->b] * r[i->c]; break;
      case SHR: r[i->a] = r[i->b] >> i->imm; break;
      case AND: r[i->a] = r[i->b] & r[i->c]; break;
      case ADDI: r[i->a] = r[i->b] + i->imm; break;
      case LD: r[i->a] = memory[r[i->b]]; break;
      case ST: memory[r[i->b]] = r[i->a]; break;
      case JMP: pc = program + i->imm; break;
      case JLT: if (r[i->b] < r[i->c]) pc = program + i->imm; break;
      case JEQ: if (r[i->b] == r[i->c]) pc = program + i->imm; break;
      case JNZ: if (r[i->b]) pc = program + i->imm; break;
      case HALT: *steps = n; return (u64)r[0];
    }
  }
}

static u64 iterate(struct cpu *c) {
  u64 steps, sum = execute(code, (i64 *)c->memory, &steps);
  return mix(sum, steps);
}

const struct program program = { .name = "interpreter", .iterate = iterate };
