// Pointer chase within 16 KiB: every look-up hits.
#define NODES 256
#define STRIDE 64
#define STEPS 400000
#include "chase.h"
const struct program program = { .name = "chase-near", .init = init, .iterate = iterate };
