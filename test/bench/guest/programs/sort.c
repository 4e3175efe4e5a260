// Quicksort of 32,768 and heap sort of 16,384 random words.
#include "bench.h"

#define QUICK 32768
#define HEAP 16384

static void swap(u32 *a, u32 *b) {
  u32 t = *a;
  *a = *b;
  *b = t;
}

static void quick(u32 *v, i64 low, i64 high) {
  while (high - low > 12) {
    i64 middle = (low + high) >> 1;
    if (v[middle] < v[low]) swap(&v[middle], &v[low]);
    if (v[high] < v[low]) swap(&v[high], &v[low]);
    if (v[high] < v[middle]) swap(&v[high], &v[middle]);
    u32 pivot = v[middle];
    i64 i = low, j = high;
    while (i <= j) {
      while (v[i] < pivot) i++;
      while (v[j] > pivot) j--;
      if (i <= j) swap(&v[i++], &v[j--]);
    }
    if (j - low < high - i) { quick(v, low, j); low = i; }
    else { quick(v, i, high); high = j; }
  }
  for (i64 i = low + 1; i <= high; i++) {
    u32 x = v[i];
    i64 j = i - 1;
    for (; j >= low && v[j] > x; j--) v[j + 1] = v[j];
    v[j + 1] = x;
  }
}

static void sift(u32 *v, u32 root, u32 n) {
  u32 x = v[root];
  for (u32 child; (child = 2 * root + 1) < n; root = child) {
    if (child + 1 < n && v[child + 1] > v[child]) child++;
    if (v[child] <= x) break;
    v[root] = v[child];
  }
  v[root] = x;
}
static void heap(u32 *v, u32 n) {
  for (u32 i = n / 2; i-- > 0;) sift(v, i, n);
  for (u32 end = n - 1; end > 0; end--) {
    swap(&v[0], &v[end]);
    sift(v, 0, end);
  }
}

static u64 check(const u32 *v, u32 n) {
  u64 h = 0;
  for (u32 i = 1; i < n; i++) if (v[i - 1] > v[i]) return 0;
  for (u32 i = 0; i < n; i += 64) h = mix(h, v[i]);
  return h;
}

static u64 iterate(struct cpu *c) {
  u32 *v = (u32 *)c->memory;
  u64 s = c->seed;
  for (u32 i = 0; i < QUICK; i++) v[i] = (u32)(random64(&s) >> 32);
  quick(v, 0, QUICK - 1);
  u64 h = check(v, QUICK);
  for (u32 i = 0; i < HEAP; i++) v[i] = (u32)(random64(&s) >> 32);
  heap(v, HEAP);
  return mix(h, check(v, HEAP));
}

const struct program program = { .name = "sort", .iterate = iterate };
