// Pointer chase over 48 MiB, each step on another page: beyond the reach of TLBs and caches.
#define NODES 12288
#define STRIDE 4096
#define STEPS (2 * NODES)
#include "chase.h"
const struct program program = { .name = "chase-far", .init = init, .iterate = iterate };
