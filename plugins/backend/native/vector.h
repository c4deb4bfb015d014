/* Vectors of LANES floats, as the kernels load and store them. Functions with arguments
 * called `pixels`, `vectors`, `channels`, `taps` or `pairs` are inlined with constants
 * for these, so that their sums stay in registers. */
#include <string.h>

#include <rnframe/vmath.h>

#include "native.h"

#define INLINE RNF_INLINE
#define UNROLL RNF_UNROLL

typedef float unaligned __attribute__((vector_size(4 * LANES), aligned(4)));

INLINE vec load(const float *at)
{
	return (vec)*(const unaligned *)at;
}

INLINE void store(float *at, vec v)
{
	*(unaligned *)at = (unaligned)v;
}

INLINE vec all(float a)
{
	return a - (vec){ 0 };
}

INLINE ints all_bits(uint32_t a)
{
	return (int)a - (ints){ 0 };
}

/* The first lanes, at the end of a pixel's channels; the others are 0. */
static vec load_some(const float *at, int64_t n)
{
	vec v = { 0 };
	memcpy(&v, at, (size_t)n * sizeof *at);
	return v;
}

static void store_some(float *at, vec v, int64_t n)
{
	memcpy(at, &v, (size_t)n * sizeof *at);
}

INLINE void store_up_to(float *at, vec v, int64_t n)
{
	if (n >= LANES) store(at, v);
	else if (n > 0) store_some(at, v, n);
}

static inline int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

INLINE vec load_up_to(const float *at, int64_t n)
{
	return n >= LANES ? load(at) : n > 0 ? load_some(at, n) : (vec){ 0 };
}

/* LANES 16-bit numbers, widened to 32 bits. */
INLINE ints load_halves(const uint16_t *at, int64_t n)
{
	typedef uint16_t halves __attribute__((vector_size(2 * LANES)));
	halves v = { 0 };
	if (n >= LANES) memcpy(&v, at, sizeof v);
	else memcpy(&v, at, (size_t)n * sizeof *at);
	return __builtin_convertvector(v, ints);
}

/* n of CHANNELS floats, then zeros. */
INLINE void store_bundle(float *to, const float *from, int64_t n)
{
	if (n >= CHANNELS) {
		memcpy(to, from, sizeof(float[CHANNELS]));
		return;
	}
	memset(to, 0, sizeof(float[CHANNELS]));
	memcpy(to, from, (size_t)n * sizeof *to);
}
