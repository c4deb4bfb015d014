/* kernel_bytes: a scratch of 3 bytes. */
#define KERNEL { .name = "bytes", .run = nothing, .scratch_bytes = 3 }
#define STATUS RNF_OK
#include "breach.h"

RNF_PLUGIN(backend, kernel_bytes, "breaks its contract", NULL, impl)
