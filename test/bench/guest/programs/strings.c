// String functions as C libraries have them, by byte and by word: strlen, memchr, strchr, strcmp, strstr over 64 KiB of text.
#include "bench.h"

#define BYTES (64u << 10)

static size_t length(const char *s) {
  const char *p = s;
  while (*p) p++;
  return p - s;
}
/** A zero byte in a word: (v - 01…) & ~v & 80…. */
static size_t length_by_word(const char *s) {
  const char *p = s;
  for (; (u64)p & 7; p++) if (!*p) return p - s;
  const u64 *w = (const u64 *)p;
  while (!((*w - 0x0101010101010101ul) & ~*w & 0x8080808080808080ul)) w++;
  for (p = (const char *)w; *p; p++) {}
  return p - s;
}
static const u8 *find(const u8 *p, u8 c, size_t n) {
  for (; n; n--, p++) if (*p == c) return p;
  return 0;
}
static int compare(const char *a, const char *b) {
  while (*a && *a == *b) { a++; b++; }
  return (u8)*a - (u8)*b;
}
static const char *find_string(const char *h, const char *n) {
  for (; *h; h++) {
    const char *a = h, *b = n;
    while (*b && *a == *b) { a++; b++; }
    if (!*b) return h;
  }
  return 0;
}
static u32 to_lower(char *out, const char *in) {
  u32 n = 0;
  for (; *in; in++, n++) *out++ = *in >= 'A' && *in <= 'Z' ? *in + 32 : *in;
  *out = 0;
  return n;
}

static void init(struct cpu *c) {
  char *text = (char *)c->memory;
  u64 s = c->seed;
  for (u32 i = 0; i < BYTES - 1; i++) {
    u64 r = random64(&s) >> 32;
    text[i] = (r & 7) == 0 ? ' ' : (r >> 3 & 15) == 0 ? '\n' : (char)((r >> 7 & 31 ? 'a' : 'A') + (r >> 12) % 25);
  }
  text[BYTES - 1] = 0;
}

static u64 iterate(struct cpu *c) {
  const char *text = (const char *)c->memory;
  char *copy = (char *)c->memory + BYTES;
  u64 h = mix(length(text), length_by_word(text));
  u32 lines = 0;
  for (const u8 *p = (const u8 *)text, *end = p + BYTES; (p = find(p, '\n', end - p)); p++) lines++;
  h = mix(h, lines);
  h = mix(h, to_lower(copy, text));
  h = mix(h, (u32)compare(text, copy) & 0xff);
  const char *hit = find_string(copy, "zebra");
  h = mix(h, hit ? hit - copy : BYTES);
  u32 words = 0, inside = 0;
  for (const char *p = copy; *p; p++) {
    u32 letter = *p > ' ';
    words += letter & ~inside;
    inside = letter;
  }
  return mix(h, words);
}

const struct program program = { .name = "strings", .init = init, .iterate = iterate };
