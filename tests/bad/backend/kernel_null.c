/* kernel_null: no function. */
#define KERNEL { .name = "null" }
#define STATUS RNF_OK
#include "breach.h"

RNF_PLUGIN(backend, kernel_null, "breaks its contract", NULL, impl)
