/* AVX-512: thirty-two registers of sixteen floats. Tuned for the first processors that
 * had it, also for others: gcc 12 tuning for all reads pixels anew for each use. */
#include <immintrin.h>

/* twelve pixels by two vectors: twenty-four sums, two weights, one pixel's value */
enum { LANES = 16, PIXELS = 12, VECTORS = 2, CHANNELS = 8, PERMUTES = 1 };

typedef float vec __attribute__((vector_size(64)));
typedef int ints __attribute__((vector_size(64)));

static inline vec multiply_add(vec a, vec b, vec c)
{
	return (vec)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
}

/* Lane l: v[order[l]]. */
static inline vec permute(vec v, ints order)
{
	return (vec)_mm512_permutexvar_ps((__m512i)order, (__m512)v);
}
