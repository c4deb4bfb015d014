/* untrue: a kernel that computes nothing. */
#define KERNEL { .name = "nothing", .run = nothing }
#define STATUS RNF_OK
#define SCORE 1
#include "breach.h"

RNF_PLUGIN(backend, untrue, "computes nothing", NULL, impl)
