// Runs A64 instructions on given register and memory contents: a freestanding Linux program for qemu-aarch64.
//
// It reads cases from standard input and writes outcomes to standard output, each a struct of the same shape. A case
// is started by returning from a signal with the case's registers in the frame, and ends in the next signal: the words
// after the instructions under test are undefined.
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long u64;

#define MEM_BYTES 1024
#define MAX_WORDS 32

struct Case {
  u32 words[MAX_WORDS]; // in: instructions, zeros after them. out: [0] = signal, [1] = si_code
  u64 x[32];            // [31] = SP
  u64 pc;
  u64 pstate;           // NZCV in bits 31..28
  u64 fault;            // out: si_addr
  u32 fpsr, fpcr;
  u8 v[32][16];
  u8 mem[MEM_BYTES];
};

// Placed by the linker script: the same addresses as in the tests' own machine.
__attribute__((section(".guestmem"))) u8 guest_mem[4096];
__attribute__((section(".guestcode"))) u32 guest_code[1024];
#define SLOT 512

struct sigaction_k { void (*handler)(int, void *, void *); u64 flags; u64 restorer; u64 mask; };
struct stack_k { void *sp; int flags; u64 size; };
struct context {
  u64 fault_address, regs[31], sp, pc, pstate;
  u8 reserved[4096] __attribute__((aligned(16)));
};
struct ucontext_k { u64 flags; void *link; struct stack_k stack; u8 sigmask[128]; u8 pad[8]; struct context mc; };
struct fpsimd { u32 magic, size, fpsr, fpcr; u8 v[32][16]; };
#define FPSIMD_MAGIC 0x46508001

static long sys(long n, long a, long b, long c, long d) {
  register long x8 __asm__("x8") = n, x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c, x3 __asm__("x3") = d;
  __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
  return x0;
}
#define SYS_READ 63
#define SYS_WRITE 64
#define SYS_EXIT 93
#define SYS_SIGALTSTACK 132
#define SYS_SIGACTION 134

static void copy(void *d, const void *s, u64 n) { for (u64 i = 0; i < n; i++) ((u8 *)d)[i] = ((const u8 *)s)[i]; }

static void read_all(void *p, u64 n) {
  for (u64 done = 0; done < n;) {
    long r = sys(SYS_READ, 0, (long)((u8 *)p + done), n - done, 0);
    if (r <= 0) sys(SYS_EXIT, done == 0 && r == 0 ? 0 : 1, 0, 0, 0);
    done += r;
  }
}
static void write_all(const void *p, u64 n) {
  for (u64 done = 0; done < n;) {
    long r = sys(SYS_WRITE, 1, (long)((const u8 *)p + done), n - done, 0);
    if (r <= 0) sys(SYS_EXIT, 1, 0, 0, 0);
    done += r;
  }
}

static struct Case c;
static int running;

static void handler(int sig, void *info, void *uc) {
  struct context *m = &((struct ucontext_k *)uc)->mc;
  struct fpsimd *f = (struct fpsimd *)m->reserved;
  if (f->magic != FPSIMD_MAGIC) sys(SYS_EXIT, 2, 0, 0, 0);
  if (running) {
    for (int i = 0; i < MAX_WORDS; i++) c.words[i] = 0;
    c.words[0] = sig;
    c.words[1] = ((int *)info)[2];
    c.fault = ((u64 *)info)[2];
    copy(c.x, m->regs, sizeof m->regs);
    c.x[31] = m->sp;
    c.pc = m->pc;
    c.pstate = m->pstate;
    c.fpsr = f->fpsr;
    c.fpcr = f->fpcr;
    copy(c.v, f->v, sizeof c.v);
    copy(c.mem, guest_mem, MEM_BYTES);
    write_all(&c, sizeof c);
  }
  running = 1;
  read_all(&c, sizeof c);
  for (int i = 0; i < MAX_WORDS; i++) guest_code[SLOT + i] = c.words[i];
  for (int i = 0; i < MAX_WORDS; i += 4) __asm__ volatile("dc cvau, %0; dsb ish; ic ivau, %0" : : "r"(&guest_code[SLOT + i]) : "memory");
  __asm__ volatile("dsb ish; isb" : : : "memory");
  copy(guest_mem, c.mem, MEM_BYTES);
  copy(m->regs, c.x, sizeof m->regs);
  m->sp = c.x[31];
  m->pc = (u64)&guest_code[SLOT];
  m->pstate = c.pstate;
  f->fpsr = c.fpsr;
  f->fpcr = c.fpcr;
  copy(f->v, c.v, sizeof c.v);
}

static u8 stack[65536] __attribute__((aligned(16)));

void _start(void) {
  struct stack_k s = { stack, 0, sizeof stack };
  sys(SYS_SIGALTSTACK, (long)&s, 0, 0, 0);
  // SA_SIGINFO | SA_ONSTACK | SA_NODEFER
  struct sigaction_k a = { handler, 4 | 0x08000000 | 0x40000000, 0, 0 };
  static const int signals[] = { 4, 5, 7, 8, 11 };
  for (int i = 0; i < 5; i++) sys(SYS_SIGACTION, signals[i], (long)&a, 0, 8);
  __asm__ volatile("udf #0");
  __builtin_unreachable();
}
