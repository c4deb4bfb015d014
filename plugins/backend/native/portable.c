/* Vectors of four floats by the compiler's extension: any processor. */
enum { LANES = 4, PIXELS = 4, VECTORS = 2, CHANNELS = 4 };

typedef float vec __attribute__((vector_size(16)));
typedef int ints __attribute__((vector_size(16)));

static inline vec multiply_add(vec a, vec b, vec c)
{
	return a * b + c;
}

#define ISA native_portable
#define ISA_NAME "portable"
#include "kernels.h"
