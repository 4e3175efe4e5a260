// What Dhrystone stands for, in our own words: records, enumerations, strings, small procedures and parameters by reference.
#include "bench.h"

#define ROUNDS 4000
enum kind { NONE, CIRCLE, BOX, TEXT };
struct record {
  struct record *next;
  enum kind kind;
  u32 serial;
  union { struct { i32 x, y, radius; } circle; struct { i32 x, y, w, h; } box; char text[32]; } of;
};
struct world {
  struct record *first, *spare;
  struct record pool[16];
  i32 grid[24][24];
  u32 vector[64];
  char name[32];
  u32 area, flag;
};
static struct world worlds[MAX_CPUS];

#define CALLED __attribute__((noinline))

static CALLED void copy_text(char *to, const char *from) {
  while ((*to++ = *from++)) {}
}
static CALLED i32 compare_text(const char *a, const char *b) {
  for (; *a && *a == *b; a++, b++) {}
  return (u8)*a - (u8)*b;
}
static CALLED enum kind kind_after(enum kind k, u32 turn) {
  switch (k) {
    case NONE: return turn & 1 ? CIRCLE : BOX;
    case CIRCLE: return BOX;
    case BOX: return turn % 3 ? TEXT : CIRCLE;
    default: return NONE;
  }
}
static CALLED struct record *allocate(struct world *w, u32 serial) {
  struct record *r = w->spare;
  w->spare = r->next;
  r->serial = serial;
  r->next = w->first;
  w->first = r;
  return r;
}
static CALLED void release_last(struct world *w) {
  struct record **p = &w->first;
  while ((*p)->next) p = &(*p)->next;
  (*p)->next = w->spare;
  w->spare = *p;
  *p = 0;
}
static CALLED void area_of(const struct record *r, u32 *out) {
  switch (r->kind) {
    case CIRCLE: *out += (u32)(r->of.circle.radius * r->of.circle.radius * 355 / 113); break;
    case BOX: *out += (u32)(r->of.box.w * r->of.box.h); break;
    case TEXT: *out += (u32)(r->of.text[0] + r->of.text[7]); break;
    default: break;
  }
}
static CALLED void fill(i32 grid[24][24], u32 *vector, i32 row, i32 value) {
  for (i32 i = row; i <= row + 1; i++) {
    grid[row][i] = value;
    vector[i + 8] = (u32)(value - i);
  }
  grid[row + 2][row]++;
  vector[row + 30] = vector[row + 8] / 7u;
}

static u64 iterate(struct cpu *c) {
  struct world *w = &worlds[c->number];
  memset(w, 0, sizeof *w);
  for (int i = 0; i < 15; i++) w->pool[i].next = &w->pool[i + 1];
  w->spare = &w->pool[0];
  enum kind k = NONE;
  for (u32 turn = 1; turn <= ROUNDS; turn++) {
    struct record *r = allocate(w, turn);
    r->kind = k = kind_after(k, turn);
    if (k == CIRCLE) { r->of.circle.x = (i32)turn; r->of.circle.y = 3; r->of.circle.radius = (i32)(turn & 31); }
    else if (k == BOX) { r->of.box.x = 1; r->of.box.y = 2; r->of.box.w = (i32)(turn & 15) + 1; r->of.box.h = 9; }
    else {
      copy_text(r->of.text, turn & 1 ? "a text of the first sort, odd" : "a text of the other sort, eve");
      if (compare_text(r->of.text, w->name) > 0) { copy_text(w->name, r->of.text); w->flag++; }
    }
    area_of(r, &w->area);
    fill(w->grid, w->vector, (i32)(turn % 20), (i32)turn);
    if (turn > 8) release_last(w);
  }
  u64 h = mix(w->area, w->flag);
  for (int i = 0; i < 64; i++) h = mix(h, w->vector[i]);
  return mix(h, (u32)w->grid[12][10]);
}

const struct program program = { .name = "records", .iterate = iterate };
