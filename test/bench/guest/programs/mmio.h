// Latency of reading a register of a device that the emulator serves outside the vCPU: RTCDR of the PL031. The program says how it waits between reads.
#include "bench.h"

#define RTCDR 0x09010000ul
#define READS 4096
static u64 spent[READS], reads;

static inline u64 timed_read(void) {
  u64 begin = counter();
  (void)*(volatile u32 *)RTCDR;
  u64 ticks = counter() - begin;
  spent[reads++ % READS] = ticks;
  return ticks;
}
/** Median of the last READS in ticks. */
static u64 value(void) {
  u64 n = reads < READS ? reads : READS;
  for (u64 i = 1; i < n; i++) {
    u64 x = spent[i], j = i;
    for (; j > 0 && spent[j - 1] > x; j--) spent[j] = spent[j - 1];
    spent[j] = x;
  }
  return spent[n / 2];
}
