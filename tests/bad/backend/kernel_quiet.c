/* kernel_quiet: fails without a message. */
#define KERNEL { .name = "quiet", .run = nothing }
#define STATUS RNF_EINVAL
#include "breach.h"

RNF_PLUGIN(backend, kernel_quiet, "breaks its contract", NULL, impl)
