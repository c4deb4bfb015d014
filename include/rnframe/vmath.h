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
 * x = r ln2 + t with whole r, |t| <= ln2 / 2; e^t by its Taylor polynomial of
 * degree 7 (remainder below 6e-9), 2^r by the exponent bits. */
static inline float rnf_expf(float x)
{
	x = x < -87.0f ? -87.0f : x;
	x = x > 88.0f ? 88.0f : x;
	const float r = (x * 1.44269504f + 12582912.0f) - 12582912.0f;
	const float t = (x - r * 0.693359375f) + r * 2.12194440e-4f;
	float p = 1.0f / 5040;
	p = p * t + 1.0f / 720;
	p = p * t + 1.0f / 120;
	p = p * t + 1.0f / 24;
	p = p * t + 1.0f / 6;
	p = p * t + 0.5f;
	p = p * t + 1.0f;
	p = p * t + 1.0f;
	const int32_t bits = (int32_t)((uint32_t)((int32_t)r + 127) << 23);
	float power;
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

/* -- side by side --
 *
 * A chain of some forty operations, one after another, keeps a processor waiting,
 * and it looks too few operations ahead to begin the next elements. So go RNF_WIDE
 * elements at a time through each operation: a third less time for mish. Functions
 * that take these are inlined, since a plain caller could not pass them. */

enum { RNF_LANES = 8, RNF_SIDES = 4, RNF_WIDE = RNF_LANES * RNF_SIDES };
typedef float rnf_vec __attribute__((vector_size(4 * RNF_LANES), aligned(4)));
typedef int32_t rnf_mask __attribute__((vector_size(4 * RNF_LANES), aligned(4)));
struct rnf_wide {
	rnf_vec v[RNF_SIDES];
};

/* Before a loop over the sides, so that they stay in registers. */
#ifdef __clang__
#define RNF_UNROLL _Pragma("unroll")
#else
#define RNF_UNROLL _Pragma("GCC unroll 4")
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
		to->v[i] = *(const rnf_vec *)(from + i * RNF_LANES);
}

RNF_INLINE void rnf_wide_store(float *to, const struct rnf_wide *from, size_t n)
{
	if (n < RNF_WIDE) {
		memcpy(to, from, n * sizeof *to);
		return;
	}
	RNF_UNROLL
	for (int i = 0; i < RNF_SIDES; i++)
		*(rnf_vec *)(to + i * RNF_LANES) = from->v[i];
}

/* x where the mask is set, else 0. */
#define RNF_WHERE(mask, x) ((rnf_vec)((mask) & (rnf_mask)(x)))

/* x < low ? low : x; NaN stays. */
RNF_INLINE void rnf_wide_at_least(struct rnf_wide *x, float low)
{
	RNF_UNROLL
	for (int i = 0; i < RNF_SIDES; i++) {
		const rnf_mask below = x->v[i] < low;
		x->v[i] = (rnf_vec)((rnf_mask)RNF_WHERE(below, low - (rnf_vec){ 0 }) |
				    (rnf_mask)RNF_WHERE(~below, x->v[i]));
	}
}

/* x > high ? high : x; NaN stays. */
RNF_INLINE void rnf_wide_at_most(struct rnf_wide *x, float high)
{
	RNF_UNROLL
	for (int i = 0; i < RNF_SIDES; i++) {
		const rnf_mask above = x->v[i] > high;
		x->v[i] = (rnf_vec)((rnf_mask)RNF_WHERE(above, high - (rnf_vec){ 0 }) |
				    (rnf_mask)RNF_WHERE(~above, x->v[i]));
	}
}

/* p = p * t + add */
RNF_INLINE void rnf_wide_horner(struct rnf_wide *p, const struct rnf_wide *t, float add)
{
	RNF_UNROLL
	for (int i = 0; i < RNF_SIDES; i++)
		p->v[i] = p->v[i] * t->v[i] + add;
}

/* x = rnf_expf(x), the same bits */
RNF_INLINE void rnf_wide_exp(struct rnf_wide *x)
{
	struct rnf_wide r, t, p;
	rnf_wide_at_least(x, -87.0f);
	rnf_wide_at_most(x, 88.0f);
	RNF_UNROLL
	for (int i = 0; i < RNF_SIDES; i++)
		r.v[i] = (x->v[i] * 1.44269504f + 12582912.0f) - 12582912.0f;
	RNF_UNROLL
	for (int i = 0; i < RNF_SIDES; i++)
		t.v[i] = (x->v[i] - r.v[i] * 0.693359375f) + r.v[i] * 2.12194440e-4f;
	RNF_UNROLL
	for (int i = 0; i < RNF_SIDES; i++)
		p.v[i] = (1.0f / 5040) * t.v[i] + 1.0f / 720;
	rnf_wide_horner(&p, &t, 1.0f / 120);
	rnf_wide_horner(&p, &t, 1.0f / 24);
	rnf_wide_horner(&p, &t, 1.0f / 6);
	rnf_wide_horner(&p, &t, 0.5f);
	rnf_wide_horner(&p, &t, 1.0f);
	rnf_wide_horner(&p, &t, 1.0f);
	RNF_UNROLL
	for (int i = 0; i < RNF_SIDES; i++)
		x->v[i] = p.v[i] * (rnf_vec)((__builtin_convertvector(r.v[i], rnf_mask) +
					      127) << 23);
}

#endif
