/* Vector maths for authors of tile kernels: plain C which the compiler turns
 * into vector code, with the same bits on every CPU (no contraction). */
#ifndef RNFRAME_VMATH_H
#define RNFRAME_VMATH_H

#include <stdint.h>
#include <string.h>

/* Compile a static function for several instruction sets and select one when the object
 * is loaded. Its name is the only one of its kind in the object: clang makes a global one of it.
 * Empty where the loader or a sanitizer cannot do that. */
#ifdef __clang__
#define RNF_SANITIZED (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define RNF_SANITIZED 1
#else
#define RNF_SANITIZED 0
#endif
#if !defined(__x86_64__) || !defined(__gnu_linux__) || RNF_SANITIZED
#define RNF_MULTIARCH
#elif defined(__clang__) /* 14 knows no levels of x86-64 here */
#define RNF_MULTIARCH __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define RNF_MULTIARCH \
	__attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#endif

#define RNF_INLINE static inline __attribute__((always_inline))

/* exp(x) = 2^r 2^t, where r is x / ln2 made whole and t the rest, |t| <= 1/2; clamped
 * outside [-87, 88]. Relative error below 2.1e-7 + 7.4e-8 |x|: the second part is
 * that of x / ln2. A NaN stays one if the lowest nine bits of its payload are 0, as
 * processors make them. A sum with RNF_EXP_WHOLE rounds to r and has it in its lowest
 * bits too, which are added to the exponent. 2^t is the polynomial of degree 5 with the
 * smallest relative error (9.2e-8) of those that begin with 1, in parts that do not
 * wait for each other. */
#define RNF_EXP_WHOLE 12582912.0f /* 1.5 2^23 */
#define RNF_EXP_PER_LN2 1.44269504f
#define RNF_EXP_1 0.693147004f
#define RNF_EXP_2 0.240222424f
#define RNF_EXP_3 0.0555073358f
#define RNF_EXP_4 0.00967151299f
#define RNF_EXP_5 0.00132647273f

static inline float rnf_expf(float x)
{
	x = x < -87.0f ? -87.0f : x;
	x = x > 88.0f ? 88.0f : x;
	const float y = x * RNF_EXP_PER_LN2, sum = y + RNF_EXP_WHOLE;
	const float t = y - (sum - RNF_EXP_WHOLE), square = t * t;
	const float low = RNF_EXP_3 * t + RNF_EXP_2, high = RNF_EXP_5 * t + RNF_EXP_4;
	const float p = (low + high * square) * square + (RNF_EXP_1 * t + 1.0f);
	uint32_t bits, whole;
	float e;
	memcpy(&bits, &p, sizeof bits);
	memcpy(&whole, &sum, sizeof whole);
	bits += whole << 23;
	memcpy(&e, &bits, sizeof e);
	return e;
}

/* -- tile kernels out of an element --
 *
 * The bodies of an activation's kernels, for an f that returns y of x and its slope:
 * called with its name from a function that is RNF_MULTIARCH, f is inlined, and the
 * compiler drops the unused half. y == x and dx == dy (or dx == x) are allowed. [worker] */

typedef float rnf_element(float x, float *slope);

/* y[n] = f(x[n]) */
RNF_INLINE void rnf_element_fwd(rnf_element *f, size_t n, const float *x, float *y)
{
	float slope;
	for (size_t i = 0; i < n; i++)
		y[i] = f(x[i], &slope);
}

/* dx[n] = dy[n] f'(x[n]) */
RNF_INLINE void rnf_element_bwd(rnf_element *f, size_t n, const float *x, const float *dy,
				float *dx)
{
	for (size_t i = 0; i < n; i++) {
		float slope;
		f(x[i], &slope);
		dx[i] = dy[i] * slope;
	}
}

RNF_INLINE void rnf_element_fwd_bwd(rnf_element *f, size_t n, const float *x,
				    const float *dy, float *y, float *dx)
{
	for (size_t i = 0; i < n; i++) {
		const float d = dy[i];
		float slope;
		y[i] = f(x[i], &slope);
		dx[i] = d * slope;
	}
}

/* The same for an f with parameters, of all three kernels: y or dx may be NULL; dy is read
 * where there is a dx. */
typedef float rnf_element_of(const void *parameters, float x, float *slope);

RNF_INLINE void rnf_elements_of(rnf_element_of *f, const void *parameters, size_t n,
				const float *x, const float *dy, float *y, float *dx)
{
	for (size_t i = 0; i < n; i++) {
		const float d = dx ? dy[i] : 0.0f;
		float slope;
		const float value = f(parameters, x[i], &slope);
		if (y) y[i] = value;
		if (dx) dx[i] = d * slope;
	}
}

/* -- vectors for loops that hold their sums in registers: operators work on each lane,
 * comparisons give masks -- */

enum { RNF_LANES = 8 };
typedef float rnf_vec __attribute__((vector_size(4 * RNF_LANES), aligned(4)));
typedef int32_t rnf_mask __attribute__((vector_size(4 * RNF_LANES), aligned(4)));

/* x where the mask is set, else 0. */
#define RNF_WHERE(mask, x) ((rnf_vec)((mask) & (rnf_mask)(x)))

/* -- side by side --
 *
 * A chain of some forty operations, one after another, keeps a processor waiting,
 * and it looks too few operations ahead to begin the next elements. So go RNF_WIDE
 * elements at a time through each operation. Functions that take these are inlined,
 * since a plain caller could not pass them.
 *
 * A strip is as wide as any processor's vector; narrower ones take it in pieces.
 * Comparisons of strips would go lane by lane there: rnf_wide_clamp() does not. */

enum { RNF_SIDES = 4, RNF_STRIP = 16, RNF_WIDE = RNF_STRIP * RNF_SIDES };
typedef float rnf_strip __attribute__((vector_size(4 * RNF_STRIP), aligned(4)));
typedef int32_t rnf_strip_bits __attribute__((vector_size(4 * RNF_STRIP), aligned(4)));
struct rnf_wide {
	rnf_strip v[RNF_SIDES];
};

/* Before a loop over the sides, or over an array of sums, so that they stay in registers:
 * it is unrolled early, and whole, or clang does so by halves before it knows how often
 * the loop goes. */
#ifdef __clang__
#define RNF_UNROLL _Pragma("clang loop unroll(full)")
#define RNF_ROLLED
#else
#define RNF_UNROLL _Pragma("GCC unroll 16")
#define RNF_ROLLED _Pragma("GCC unroll 1")
#endif

/* n <= RNF_WIDE floats; the rest is 0. */
RNF_INLINE void rnf_wide_load(struct rnf_wide *to, const float *from, size_t n)
{
	if (n < RNF_WIDE) {
		*to = (struct rnf_wide){ 0 };
		memcpy(to, from, n * sizeof *from);
		return;
	}
	RNF_UNROLL
	for (int i = 0; i < RNF_SIDES; i++)
		to->v[i] = *(const rnf_strip *)(from + i * RNF_STRIP);
}

RNF_INLINE void rnf_wide_store(float *to, const struct rnf_wide *from, size_t n)
{
	if (n < RNF_WIDE) {
		memcpy(to, from, n * sizeof *to);
		return;
	}
	RNF_UNROLL
	for (int i = 0; i < RNF_SIDES; i++)
		*(rnf_strip *)(to + i * RNF_STRIP) = from->v[i];
}

/* x within [low, high], low < 0 < high; NaN becomes one of both. By their bits, since
 * compilers make more than one instruction of a comparison that must keep NaN: as
 * unsigned numbers only x < low are above low, as signed ones only x > high above high.
 * Two loops, not unrolled: so each becomes one instruction. */
RNF_INLINE void rnf_strip_clamp(rnf_strip *x, float low, float high)
{
	rnf_strip_bits v = (rnf_strip_bits)*x;
	uint32_t bottom;
	int32_t top;
	memcpy(&bottom, &low, sizeof bottom);
	memcpy(&top, &high, sizeof top);
	RNF_ROLLED
	for (int l = 0; l < RNF_STRIP; l++)
		v[l] = (uint32_t)v[l] < bottom ? v[l] : (int32_t)bottom;
	RNF_ROLLED
	for (int l = 0; l < RNF_STRIP; l++)
		v[l] = v[l] < top ? v[l] : top;
	*x = (rnf_strip)v;
}

RNF_INLINE void rnf_wide_clamp(struct rnf_wide *x, float low, float high)
{
	RNF_UNROLL
	for (int i = 0; i < RNF_SIDES; i++)
		rnf_strip_clamp(&x->v[i], low, high);
}

/* x = exp(x), with the bits of rnf_expf. For x in [-87, 88]: whoever has others clamps
 * them first, and may take narrower limits. */
RNF_INLINE void rnf_wide_exp_within(struct rnf_wide *x)
{
	struct rnf_wide sum, t, square;
	RNF_UNROLL
	for (int i = 0; i < RNF_SIDES; i++) {
		const rnf_strip y = x->v[i] * RNF_EXP_PER_LN2;
		sum.v[i] = y + RNF_EXP_WHOLE;
		t.v[i] = y - (sum.v[i] - RNF_EXP_WHOLE);
	}
	RNF_UNROLL
	for (int i = 0; i < RNF_SIDES; i++)
		square.v[i] = t.v[i] * t.v[i];
	RNF_UNROLL
	for (int i = 0; i < RNF_SIDES; i++) {
		const rnf_strip low = RNF_EXP_3 * t.v[i] + RNF_EXP_2;
		const rnf_strip high = RNF_EXP_5 * t.v[i] + RNF_EXP_4;
		const rnf_strip p = (low + high * square.v[i]) * square.v[i] +
				    (RNF_EXP_1 * t.v[i] + 1.0f);
		x->v[i] = (rnf_strip)((rnf_strip_bits)p +
				      ((rnf_strip_bits)sum.v[i] << 23));
	}
}

#endif
