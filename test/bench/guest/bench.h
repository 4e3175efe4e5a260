// What a benchmark program sees of its guest: CPUs, memory, time, and the one structure it defines.
#pragma once
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;
typedef signed char i8;
typedef short i16;
typedef int i32;
typedef long i64;
typedef unsigned long size_t;

#define MAX_CPUS 8
#define PAGE 4096ul

/** One CPU's view; `memory` is its own, zero at the start. */
struct cpu {
  u32 number, count;
  u8 *memory;
  u64 bytes;
  u64 seed;
};

/** A program. Every call of `iterate` does the same work and returns the same checksum. */
struct program {
  const char *name;
  /** Before anything is timed, on each CPU; may be null. */
  void (*init)(struct cpu *);
  u64 (*iterate)(struct cpu *);
  /** Given: only CPU 0 iterates, the others are in here until `stopping`. */
  void (*assist)(struct cpu *);
  /** After all CPUs have ended, with all iterations done so far: returns null or what is wrong; may be null. */
  const char *(*verify)(u64 iterations);
  /** Called at each inter-processor interrupt; may be null. */
  void (*interrupt)(u32 cpu);
  /** At the end, ticks of what the program measured itself; may be null. */
  u64 (*value)(void);
};
extern const struct program program;

/** Set when `assist` is to return. */
extern volatile u32 stopping;

void *memcpy(void *, const void *, size_t);
void *memset(void *, int, size_t);
void *memmove(void *, const void *, size_t);
int memcmp(const void *, const void *, size_t);
size_t strlen(const char *);

/** Takes `bytes` of the CPU's memory, aligned to 64. */
static inline void *take(struct cpu *c, u64 bytes) {
  void *p = c->memory;
  bytes = (bytes + 63) & ~63ul;
  c->memory += bytes;
  c->bytes -= bytes;
  return p;
}
/** The next pseudo-random number (xorshift64*, Vigna 2016). */
static inline u64 random64(u64 *s) {
  u64 x = *s;
  x ^= x >> 12;
  x ^= x << 25;
  x ^= x >> 27;
  *s = x;
  return x * 0x2545f4914f6cdd1dul;
}
/** Adds a word to a checksum. */
static inline u64 mix(u64 h, u64 v) {
  h = (h ^ v) * 0x9e3779b97f4a7c15ul;
  return h ^ h >> 29;
}
static inline u64 bits(double d) {
  u64 v;
  __builtin_memcpy(&v, &d, 8);
  return v;
}
static inline u64 counter(void) {
  u64 v;
  __asm__ volatile("mrs %0, cntvct_el0" : "=r"(v) :: "memory");
  return v;
}
/** Interrupts CPU `target` (SGI 1). */
static inline void send_ipi(u32 target) {
  __asm__ volatile("dsb ishst\n msr s3_0_c12_c11_5, %0\n isb" :: "r"(1ul << 24 | 1ul << target) : "memory");
}
u64 run_el0(u64 count, u64 entry);
extern char el0_system_calls[];
/** Where EL0 sees the first 2 MiB of RAM, executable; the place of an address of the image there. */
#define EL0_ALIAS 0x100000000ul
#define EL0_ADDRESS(p) ((u64)(p) - 0x40000000ul + EL0_ALIAS)
