// The benchmark guest's runtime: page tables, CPUs, interrupts, the serial line, and the timed windows.
#include "bench.h"

/** The virt board. */
#define GICD 0x08000000ul
#define GICR 0x080a0000ul
#define UART 0x09000000ul
#define RAM 0x40000000ul
#define RAM_BYTES 0x20000000ul /* -m 512M */
#define PSCI_CPU_ON 0xc4000003u
#define PSCI_SYSTEM_OFF 0x84000008u

#define REG32(a) (*(volatile u32 *)(a))

/** Descriptors: valid, access flag, inner shareable; attribute index 1 is normal memory. */
#define TABLE 3ul
#define PAGE_NORMAL (3ul | 1ul << 2 | 3ul << 8 | 1ul << 10)
#define BLOCK_NORMAL (1ul | 1ul << 2 | 3ul << 8 | 1ul << 10)
#define BLOCK_DEVICE (1ul | 1ul << 10 | 3ul << 53)
#define EL0_READ_ONLY (3ul << 6)
#define PXN (1ul << 53)

u64 page_tables[512] __attribute__((aligned(4096)));
static u64 level1[512] __attribute__((aligned(4096)));
static u64 level2[512] __attribute__((aligned(4096)));
static u64 level2_el0[512] __attribute__((aligned(4096)));
static u64 level3[RAM_BYTES / PAGE] __attribute__((aligned(4096)));

extern char _end[], secondary_start[];
u64 smccc(u64, u64, u64, u64);

volatile u32 stopping;
static struct cpu cpus[MAX_CPUS];
static u32 nr_cpus = 1;
static u64 frequency;
static u64 first_ms = 1000, settle_ms = 500, measure_ms = 1000;

/** Runs with the MMU off. RAM in pages, as an operating system has it; the image a second time for EL0. */
void make_page_tables(void) {
  page_tables[0] = (u64)level1 | TABLE;
  level1[0] = 0 | BLOCK_DEVICE;
  level1[1] = (u64)level2 | TABLE;
  level1[EL0_ALIAS >> 30] = (u64)level2_el0 | TABLE;
  for (u64 i = 0; i < RAM_BYTES / PAGE; i++) level3[i] = (RAM + i * PAGE) | PAGE_NORMAL;
  for (u64 i = 0; i < RAM_BYTES / PAGE / 512; i++) level2[i] = (u64)&level3[i * 512] | TABLE;
  level2_el0[0] = RAM | BLOCK_NORMAL | EL0_READ_ONLY | PXN;
}

static void put(char c) {
  while (REG32(UART + 0x18) & 1u << 5) {}
  REG32(UART) = (u8)c;
}
static void print(const char *s) {
  while (*s) put(*s++);
}
static void print_hex(u64 v) {
  for (int i = 60; i >= 0; i -= 4) put("0123456789abcdef"[v >> i & 15]);
}
static void print_decimal(u64 v) {
  char text[21];
  int n = 20;
  text[n] = 0;
  do text[--n] = '0' + v % 10;
  while (v /= 10);
  print(text + n);
}
static void __attribute__((noreturn)) power_off(void) {
  smccc(PSCI_SYSTEM_OFF, 0, 0, 0);
  for (;;) __asm__ volatile("wfi");
}

void unexpected_exception(u64 esr, u64 elr, u64 far) {
  print("ERROR exception: ESR ");
  print_hex(esr);
  print(" ELR ");
  print_hex(elr);
  print(" FAR ");
  print_hex(far);
  print("\n");
  power_off();
}

static u64 ns(u64 ticks) { return (u64)((unsigned __int128)ticks * 1000000000u / frequency); }
static u64 ticks_of_ms(u64 ms) { return ms * frequency / 1000; }

/** Value of NAME=NUMBER among the boot arguments, or `otherwise`. */
static u64 argument(const char *args, const char *name, u64 otherwise) {
  size_t n = strlen(name);
  for (const char *p = args; *p; p++) {
    if ((p == args || p[-1] == ' ') && memcmp(p, name, n) == 0 && p[n] == '=') {
      u64 v = 0;
      for (p += n + 1; *p >= '0' && *p <= '9'; p++) v = v * 10 + (*p - '0');
      return v;
    }
  }
  return otherwise;
}
static u32 be32(const u8 *p) { return (u32)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3]; }

/** The property `bootargs` of a flattened device tree (Devicetree specification 0.4, chapter 5). */
static const char *boot_arguments(const u8 *fdt) {
  if (be32(fdt) != 0xd00dfeed) return "";
  const u8 *p = fdt + be32(fdt + 8);
  const char *strings = (const char *)fdt + be32(fdt + 12);
  for (;;) {
    u32 token = be32(p);
    p += 4;
    if (token == 1) p += (strlen((const char *)p) + 4) & ~3ul;
    else if (token == 3) {
      u32 length = be32(p);
      if (memcmp(strings + be32(p + 4), "bootargs", 9) == 0) return (const char *)p + 8;
      p += 8 + ((length + 3) & ~3u);
    } else if (token == 9) return "";
  }
}

/** Distributor once, then each CPU's redistributor and interface: SGIs as group 1, all priorities let through. */
static void init_distributor(void) {
  REG32(GICD) = 1u << 4 | 1u << 1; /* affinity routing, group 1 */
}
static void init_interrupts(u32 cpu) {
  u64 rd = GICR + cpu * 0x20000ul, sgi = rd + 0x10000;
  REG32(rd + 0x14) &= ~2u; /* GICR_WAKER: awake */
  while (REG32(rd + 0x14) & 4u) {}
  REG32(sgi + 0x80) = 0xffffffff;
  REG32(sgi + 0x100) = 0xffff;
  __asm__ volatile("msr s3_0_c12_c12_5, %0\n isb" :: "r"(1ul));    /* ICC_SRE_EL1 */
  __asm__ volatile("msr s3_0_c4_c6_0, %0" :: "r"(0xfful));         /* ICC_PMR_EL1 */
  __asm__ volatile("msr s3_0_c12_c12_7, %0\n isb" :: "r"(1ul));    /* ICC_IGRPEN1_EL1 */
  __asm__ volatile("msr daifclr, #2");
}
void handle_irq(void) {
  u64 id, cpu;
  __asm__ volatile("mrs %0, s3_0_c12_c12_0" : "=r"(id));           /* ICC_IAR1_EL1 */
  if (id >= 1020) return;
  __asm__ volatile("mrs %0, mpidr_el1" : "=r"(cpu));
  if (program.interrupt) program.interrupt(cpu & 0xff);
  __asm__ volatile("msr s3_0_c12_c12_1, %0" :: "r"(id));           /* ICC_EOIR1_EL1 */
}

/** What EL0 can call: numbers 0 to 3. */
static u64 sys_number(u64 v) { return v + 1; }
static u64 sys_double(u64 v) { return v * 2; }
static u64 sys_triple(u64 v) { return v * 3; }
static u64 sys_xor(u64 v) { return v ^ 0x55; }
u64 (*const system_calls[4])(u64) = { sys_number, sys_double, sys_triple, sys_xor };

/** All CPUs meet here; the last one lets the others go. */
static void meet(void) {
  static volatile u32 arrived, phase;
  u32 now = __atomic_load_n(&phase, __ATOMIC_ACQUIRE);
  if (__atomic_add_fetch(&arrived, 1, __ATOMIC_ACQ_REL) == nr_cpus) {
    arrived = 0;
    __atomic_store_n(&phase, now + 1, __ATOMIC_RELEASE);
    __asm__ volatile("dsb ish\n sev");
  } else {
    while (__atomic_load_n(&phase, __ATOMIC_ACQUIRE) == now) __asm__ volatile("wfe");
  }
}

struct window { u64 ns, iterations; };
static struct window first[MAX_CPUS], measured[MAX_CPUS];
static u64 checksums[MAX_CPUS], totals[MAX_CPUS];

/** Iterates for at least `ms`. */
static struct window run_window(struct cpu *c, u64 ms) {
  u64 begin = counter(), end = begin + ticks_of_ms(ms), now, n = 0;
  do {
    u64 sum = program.iterate(c);
    if (totals[c->number]++ == 0) checksums[c->number] = sum;
    else if (sum != checksums[c->number]) {
      print("ERROR checksum ");
      print_hex(sum);
      print(" after ");
      print_hex(checksums[c->number]);
      print(" in iteration ");
      print_decimal(totals[c->number]);
      print("\n");
      power_off();
    }
    n++;
    now = counter();
  } while (now < end);
  return (struct window){ ns(now - begin), n };
}

static void run(struct cpu *c) {
  u32 k = c->number;
  if (program.init) program.init(c);
  meet();
  if (program.assist && k > 0) {
    program.assist(c);
  } else {
    first[k] = run_window(c, first_ms);
    if (settle_ms) run_window(c, settle_ms);
    if (!program.assist) meet();
    measured[k] = run_window(c, measure_ms);
    if (program.assist) {
      __atomic_store_n(&stopping, 1, __ATOMIC_RELEASE);
      __asm__ volatile("dsb ish\n sev");
      for (u32 i = 1; i < nr_cpus; i++) send_ipi(i);
    }
  }
  meet();
}

void secondary_main(u64 number) {
  init_interrupts(number);
  run(&cpus[number]);
}

static void report(const char *what, u32 k, struct window w) {
  print(what);
  print(program.name);
  put(' ');
  print_hex(checksums[k]);
  put(' ');
  print_decimal(w.ns);
  put(' ');
  print_decimal(w.iterations);
  put(' ');
  print_decimal(k);
  put('\n');
}

void primary_main(const u8 *fdt) {
  __asm__ volatile("mrs %0, cntfrq_el0" : "=r"(frequency));
  const char *args = boot_arguments(fdt);
  first_ms = argument(args, "first", first_ms);
  settle_ms = argument(args, "settle", settle_ms);
  measure_ms = argument(args, "measure", measure_ms);
  nr_cpus = argument(args, "cpus", nr_cpus);
  if (*args) memset((void *)fdt, 0, be32(fdt + 4)); /* it lies in the programs' memory, and has random seeds in it */
  u64 heap = ((u64)_end + 0x1fffff) & ~0x1ffffful, share = (RAM + RAM_BYTES - heap) / nr_cpus & ~0x1ffffful;
  for (u32 k = 0; k < nr_cpus; k++) cpus[k] = (struct cpu){ k, nr_cpus, (u8 *)(heap + k * share), share, 0x0123456789abcdeful };
  init_distributor();
  init_interrupts(0);
  for (u32 k = 1; k < nr_cpus; k++) {
    if (smccc(PSCI_CPU_ON, k, (u64)secondary_start, k) != 0) {
      print("ERROR a CPU does not start\n");
      power_off();
    }
  }
  run(&cpus[0]);
  u64 total = 0;
  for (u32 k = 0; k < nr_cpus; k++) total += totals[k];
  const char *wrong = program.verify ? program.verify(total) : 0;
  if (wrong) {
    print("ERROR ");
    print(wrong);
    print("\n");
    power_off();
  }
  for (u32 k = 0; k < (program.assist ? 1 : nr_cpus); k++) {
    report("FIRST ", k, first[k]);
    report("RESULT ", k, measured[k]);
  }
  if (program.value) {
    print("VALUE ");
    print(program.name);
    put(' ');
    print_decimal(ns(program.value()));
    put('\n');
  }
  print("END\n");
  power_off();
}
