/* Vector maths for authors of tile kernels: plain C which the compiler turns
 * into vector code, with the same bits on every CPU (no contraction). */
#ifndef RNFRAME_VMATH_H
#define RNFRAME_VMATH_H

#include <stdint.h>
#include <string.h>

/* Compile a function for several instruction sets and pick one when loaded.
 * Empty where the loader or a sanitizer cannot. */
#if defined(__x86_64__) && defined(__gnu_linux__) && !defined(__clang__) && \
	!defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define RNF_MULTIARCH \
	__attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define RNF_MULTIARCH
#endif

#define RNF_INLINE static inline __attribute__((always_inline))

/* exp(x), relative error below 2e-7 in [-87, 88], clamped outside.
 * x = r ln2 + t with whole r, |t| <= ln2 / 2. A sum with RNF_EXP_WHOLE rounds to r and
 * has it in its lowest bits too, which become the exponent of 2^r. e^t is the polynomial
 * of degree 6 with the smallest relative error (3.1e-9) of those that begin 1 + t; in
 * parts that do not wait for each other. */
#define RNF_EXP_WHOLE 12582912.0f /* 1.5 2^23 */
#define RNF_EXP_2 0.499999934f
#define RNF_EXP_3 0.166665204f
#define RNF_EXP_4 0.0416683908f
#define RNF_EXP_5 0.00836874511f
#define RNF_EXP_6 0.00138145401f

static inline float rnf_expf(float x)
{
	x = x < -87.0f ? -87.0f : x;
	x = x > 88.0f ? 88.0f : x;
	const float sum = x * 1.44269504f + RNF_EXP_WHOLE, r = sum - RNF_EXP_WHOLE;
	const float t = (x - r * 0.693359375f) + r * 2.12194440e-4f, square = t * t;
	const float low = RNF_EXP_3 * t + RNF_EXP_2, high = RNF_EXP_5 * t + RNF_EXP_4;
	const float p = ((RNF_EXP_6 * square + high) * square + low) * square + (t + 1.0f);
	uint32_t bits;
	float power;
	memcpy(&bits, &sum, sizeof bits);
	bits = (bits << 23) + (127u << 23);
	memcpy(&power, &bits, sizeof power);
	return p * power;
}

/* -- tile kernels out of an element --
 *
 * The bodies of an activation's kernels, for an f that returns y of x and its slope:
 * called with its name from a function that is RNF_MULTIARCH, f is inlined, and what
 * is not used of it goes. y == x and dx == dy (or dx == x) are allowed. [worker] */

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

/* Before a loop over the sides, so that they stay in registers. */
#ifdef __clang__
#define RNF_UNROLL _Pragma("unroll")
#define RNF_ROLLED
#else
#define RNF_UNROLL _Pragma("GCC unroll 4")
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

/* x < low ? low : x, then x > high ? high : x; NaN stays. Two loops, not unrolled: so
 * compilers see an instruction each. */
RNF_INLINE void rnf_strip_clamp(rnf_strip *x, float low, float high)
{
	rnf_strip v = *x;
	RNF_ROLLED
	for (int l = 0; l < RNF_STRIP; l++)
		v[l] = v[l] < low ? low : v[l];
	RNF_ROLLED
	for (int l = 0; l < RNF_STRIP; l++)
		v[l] = v[l] > high ? high : v[l];
	*x = v;
}

RNF_INLINE void rnf_wide_clamp(struct rnf_wide *x, float low, float high)
{
	RNF_UNROLL
	for (int i = 0; i < RNF_SIDES; i++)
		rnf_strip_clamp(&x->v[i], low, high);
}

/* x = exp(x), with the bits of rnf_expf. For x in [-87, 88] or NaN: whoever has others
 * clamps them first, and may take narrower limits. */
RNF_INLINE void rnf_wide_exp_within(struct rnf_wide *x)
{
	struct rnf_wide sum, t, square, low;
	RNF_UNROLL
	for (int i = 0; i < RNF_SIDES; i++)
		sum.v[i] = x->v[i] * 1.44269504f + RNF_EXP_WHOLE;
	RNF_UNROLL
	for (int i = 0; i < RNF_SIDES; i++) {
		const rnf_strip r = sum.v[i] - RNF_EXP_WHOLE;
		t.v[i] = (x->v[i] - r * 0.693359375f) + r * 2.12194440e-4f;
	}
	RNF_UNROLL
	for (int i = 0; i < RNF_SIDES; i++) {
		square.v[i] = t.v[i] * t.v[i];
		low.v[i] = RNF_EXP_3 * t.v[i] + RNF_EXP_2;
	}
	RNF_UNROLL
	for (int i = 0; i < RNF_SIDES; i++) {
		const rnf_strip high = RNF_EXP_5 * t.v[i] + RNF_EXP_4;
		const rnf_strip q = (RNF_EXP_6 * square.v[i] + high) * square.v[i];
		const rnf_strip p = (q + low.v[i]) * square.v[i] + (t.v[i] + 1.0f);
		x->v[i] = p * (rnf_strip)(((rnf_strip_bits)sum.v[i] << 23) + (127 << 23));
	}
}

#endif
