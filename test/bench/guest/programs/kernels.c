// What CoreMark stands for, in our own words: linked lists sorted and reversed, small matrices, a state machine over text, CRC-16 of it all.
#include "bench.h"

#define NODES 256
#define M 12
#define TEXT 1024
struct node { struct node *next; i16 key, value; };
struct data { struct node nodes[NODES]; i16 a[M][M], b[M][M]; i32 p[M][M]; char text[TEXT]; };

static u16 __attribute__((noinline)) crc16(u16 crc, u32 v) {
  for (int i = 0; i < 32; i++) {
    u32 bit = (crc ^ v) & 1;
    crc >>= 1;
    v >>= 1;
    if (bit) crc ^= 0xa001;
  }
  return crc;
}

/* lists */
static int by_key(const struct node *a, const struct node *b) { return a->key - b->key; }
static int by_value(const struct node *a, const struct node *b) { return a->value != b->value ? a->value - b->value : a->key - b->key; }
static struct node *merge_sort(struct node *list, int (*compare)(const struct node *, const struct node *)) {
  for (u32 width = 1;; width *= 2) {
    struct node *p = list, *tail = 0;
    u32 merges = 0;
    list = 0;
    while (p) {
      merges++;
      struct node *q = p;
      u32 ps = 0, qs = width;
      while (ps < width && q) { ps++; q = q->next; }
      while (ps || (qs && q)) {
        struct node *e;
        if (ps && (!qs || !q || compare(p, q) <= 0)) { e = p; p = p->next; ps--; }
        else { e = q; q = q->next; qs--; }
        if (tail) tail->next = e; else list = e;
        tail = e;
      }
      p = q;
    }
    if (tail) tail->next = 0;
    if (merges <= 1) return list;
  }
}
static struct node *reverse(struct node *list) {
  struct node *out = 0;
  while (list) {
    struct node *n = list->next;
    list->next = out;
    out = list;
    list = n;
  }
  return out;
}
static const struct node *search(const struct node *list, i16 key) {
  while (list && list->key != key) list = list->next;
  return list;
}

/* matrices */
static u16 matrices(struct data *d, u16 crc, i16 by) {
  for (int i = 0; i < M; i++) for (int j = 0; j < M; j++) d->a[i][j] = (i16)(d->a[i][j] + by);
  for (int i = 0; i < M; i++) {
    for (int j = 0; j < M; j++) {
      i32 sum = 0;
      for (int k = 0; k < M; k++) sum += d->a[i][k] * d->b[k][j];
      d->p[i][j] = sum;
    }
  }
  i32 peak = 0, count = 0;
  for (int i = 0; i < M; i++) for (int j = 0; j < M; j++) {
    i32 low = d->p[i][j] >> 2 & 15, high = d->p[i][j] >> 5 & 127;
    count += low * high;
    if (d->p[i][j] > peak) { peak = d->p[i][j]; count += 10; }
  }
  for (int i = 0; i < M; i++) for (int j = 0; j < M; j++) d->a[i][j] = (i16)(d->a[i][j] - by);
  return crc16(crc16(crc, (u32)count), (u32)peak);
}

/* numbers in text, recognised by a state machine */
enum state { START, SIGN, INTEGER, POINT, FRACTION, EXPONENT, POWER, BAD, STATES };
static enum state token(const char **text, u32 *entered) {
  enum state s = START;
  const char *p = *text;
  for (; *p && *p != ','; p++) {
    u32 digit = (u32)(*p - '0') < 10;
    enum state was = s;
    switch (s) {
      case START: s = digit ? INTEGER : *p == '+' || *p == '-' ? SIGN : *p == '.' ? POINT : BAD; break;
      case SIGN: s = digit ? INTEGER : *p == '.' ? POINT : BAD; break;
      case INTEGER: if (!digit) s = *p == '.' ? FRACTION : *p == 'e' ? EXPONENT : BAD; break;
      case POINT: s = digit ? FRACTION : BAD; break;
      case FRACTION: if (!digit) s = *p == 'e' ? EXPONENT : BAD; break;
      case EXPONENT: s = digit || *p == '-' ? POWER : BAD; break;
      case POWER: if (!digit) s = BAD; break;
      default: break;
    }
    if (s != was) entered[s]++;
  }
  *text = *p ? p + 1 : p;
  return s;
}

static void init(struct cpu *c) {
  struct data *d = take(c, sizeof *d);
  c->memory = (u8 *)d;
  u64 s = c->seed;
  for (int i = 0; i < M; i++) for (int j = 0; j < M; j++) { d->a[i][j] = (i16)(random64(&s) >> 52); d->b[i][j] = (i16)(random64(&s) >> 52); }
  static const char *const words[] = { "5012", "-874", "+122", "35.54400", ".1234500", "-110.700", "5.500e3", "-.123e-2", "T0.3e-1F", "-T.T++Tq", "1T3.4e4z" };
  char *p = d->text;
  while (p < d->text + TEXT - 16) {
    for (const char *w = words[random64(&s) % 11]; *w;) *p++ = *w++;
    *p++ = ',';
  }
  *p = 0;
}

static u64 iterate(struct cpu *c) {
  struct data *d = (struct data *)c->memory;
  u64 s = c->seed;
  u16 crc = 0xffff;
  for (int i = 0; i < NODES; i++) d->nodes[i] = (struct node){ i + 1 < NODES ? &d->nodes[i + 1] : 0, (i16)(random64(&s) >> 49), (i16)(i * 7 & 31) };
  struct node *list = &d->nodes[0];
  for (int round = 0; round < 10; round++) {
    list = merge_sort(list, round & 1 ? by_value : by_key);
    const struct node *hit = search(list, d->nodes[round * 25].key);
    crc = crc16(crc, hit ? (u16)hit->value : 1);
    list = reverse(list);
    crc = matrices(d, crc, (i16)(round + 1));
    u32 entered[STATES] = { 0 }, ended[STATES] = { 0 };
    for (const char *p = d->text; *p;) ended[token(&p, entered)]++;
    for (int i = 0; i < STATES; i++) crc = crc16(crc, entered[i] << 8 ^ ended[i]);
  }
  for (const struct node *n = list; n; n = n->next) crc = crc16(crc, (u16)n->key);
  return crc;
}

const struct program program = { .name = "kernels", .init = init, .iterate = iterate };
