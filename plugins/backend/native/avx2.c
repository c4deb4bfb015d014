/* AVX2 and FMA: sixteen registers of eight floats. */
/* x86 flags: -mavx2 -mfma */
#ifdef __x86_64__
#include <immintrin.h>

/* six pixels by two vectors: twelve sums, two weights, one pixel's value */
enum { LANES = 8, PIXELS = 6, VECTORS = 2, CHANNELS = 4, PERMUTES = 1 };

typedef float vec __attribute__((vector_size(32)));
typedef int ints __attribute__((vector_size(32)));

static inline vec multiply_add(vec a, vec b, vec c)
{
	return (vec)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
}

/* Lane l: v[order[l]]. */
static inline vec permute(vec v, ints order)
{
	return (vec)_mm256_permutevar8x32_ps((__m256)v, (__m256i)order);
}

#define ISA native_avx2
#define ISA_NAME "avx2"
#include "kernels.h"
#endif
