/* Vectors of four floats by the compiler's extension: any processor. */
enum { LANES = 4, PIXELS = 4, VECTORS = 2, CHANNELS = 4, PERMUTES = 0 };

typedef float vec __attribute__((vector_size(16)));
typedef int ints __attribute__((vector_size(16)));

static inline vec multiply_add(vec a, vec b, vec c)
{
	return a * b + c;
}

/* Lane l: v[order[l]]. */
static inline vec permute(vec v, ints order)
{
	return (vec){ v[order[0]], v[order[1]], v[order[2]], v[order[3]] };
}

#define ISA native_portable
#define ISA_NAME "portable"
#include "kernels.h"
