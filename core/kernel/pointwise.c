/* Each tile is walked a block of channels at a time, pixel after pixel, so that
 * what belongs to a channel stays in registers. A channel's sums are in the order
 * of the pixels, whatever the block. */
#include "kernel/pointwise.h"

#include "kernel/clones.h"

enum { BLOCK = 16, VECTORS = BLOCK / RNF_LANES };

/* Blocks are inlined with n == BLOCK, for which no loop over n is left; results go
 * by way of an array, since outputs may be inputs. */
RNF_INLINE void copy(int64_t n, const float *from, float *to)
{
	for (int64_t i = 0; i < n; i++)
		to[i] = from[i];
}

RNF_INLINE void bias(int64_t pixels, int64_t c, int64_t n, const float *x, const float *b,
		     float *y)
{
	float add[BLOCK], v[BLOCK];
	copy(n, b, add);
	for (int64_t p = 0; p < pixels; p++, x += c, y += c) {
		for (int64_t i = 0; i < n; i++)
			v[i] = x[i] + add[i];
		copy(n, v, y);
	}
}

RNF_CLONES
void rnf_bias_tile(int64_t pixels, int64_t c, const float *x, const float *b,
		   float *y)
{
	int64_t i = 0;
	for (; i + BLOCK <= c; i += BLOCK)
		bias(pixels, c, BLOCK, x + i, b + i, y + i);
	if (i < c) bias(pixels, c, c - i, x + i, b + i, y + i);
}

RNF_INLINE void affine(int64_t pixels, int64_t c, int64_t n, const float *x,
		       const float *coef, float *y)
{
	float a[BLOCK], b[BLOCK], m[BLOCK], v[BLOCK];
	copy(n, coef, a);
	copy(n, coef + c, b);
	copy(n, coef + 2 * c, m);
	for (int64_t p = 0; p < pixels; p++, x += c, y += c) {
		for (int64_t i = 0; i < n; i++)
			v[i] = a[i] * (x[i] - m[i]) + b[i];
		copy(n, v, y);
	}
}

/* Vectors by name: of the arrays above gcc makes vectors of four here. */
RNF_INLINE void affine_block(int64_t pixels, int64_t c, const float *x, const float *coef,
			     float *y)
{
	rnf_vec a[VECTORS], b[VECTORS], m[VECTORS];
	for (int v = 0; v < VECTORS; v++) {
		a[v] = ((const rnf_vec *)coef)[v];
		b[v] = ((const rnf_vec *)(coef + c))[v];
		m[v] = ((const rnf_vec *)(coef + 2 * c))[v];
	}
	for (int64_t p = 0; p < pixels; p++, x += c, y += c)
		for (int v = 0; v < VECTORS; v++)
			((rnf_vec *)y)[v] = a[v] * (((const rnf_vec *)x)[v] - m[v]) + b[v];
}

RNF_CLONES
void rnf_affine_tile(int64_t pixels, int64_t c, const float *x, const float *coef,
		     float *y)
{
	int64_t i = 0;
	for (; i + BLOCK <= c; i += BLOCK)
		affine_block(pixels, c, x + i, coef + i, y + i);
	if (i < c) affine(pixels, c, c - i, x + i, coef + i, y + i);
}

RNF_INLINE void affine_bwd(int64_t pixels, int64_t c, int64_t n, const float *dy,
			   const float *x, const float *coef, float *dx)
{
	float a[BLOCK], b[BLOCK], m[BLOCK], k[BLOCK], v[BLOCK];
	copy(n, coef, a);
	copy(n, coef + c, b);
	copy(n, coef + 2 * c, m);
	copy(n, coef + 3 * c, k);
	for (int64_t p = 0; p < pixels; p++, dy += c, x += c, dx += c) {
		for (int64_t i = 0; i < n; i++)
			v[i] = a[i] * dy[i] + b[i] * (x[i] - m[i]) + k[i];
		copy(n, v, dx);
	}
}

RNF_CLONES
void rnf_affine_bwd_tile(int64_t pixels, int64_t c, const float *dy, const float *x,
			 const float *coef, float *dx)
{
	int64_t i = 0;
	for (; i + BLOCK <= c; i += BLOCK)
		affine_bwd(pixels, c, BLOCK, dy + i, x + i, coef + i, dx + i);
	if (i < c) affine_bwd(pixels, c, c - i, dy + i, x + i, coef + i, dx + i);
}

RNF_INLINE void scale(int64_t pixels, int64_t c, int64_t n, const float *x, const float *s,
		      float *y)
{
	float by[BLOCK], v[BLOCK];
	copy(n, s, by);
	for (int64_t p = 0; p < pixels; p++, x += c, y += c) {
		for (int64_t i = 0; i < n; i++)
			v[i] = x[i] * by[i];
		copy(n, v, y);
	}
}

RNF_CLONES
void rnf_scale_tile(int64_t pixels, int64_t c, const float *x, const float *s,
		    float *y)
{
	int64_t i = 0;
	for (; i + BLOCK <= c; i += BLOCK)
		scale(pixels, c, BLOCK, x + i, s + i, y + i);
	if (i < c) scale(pixels, c, c - i, x + i, s + i, y + i);
}

RNF_CLONES
void rnf_add_tile(int64_t n, const float *a, const float *b, float *y)
{
	for (int64_t i = 0; i < n; i++)
		y[i] = a[i] + b[i];
}

RNF_CLONES
void rnf_add_doubles(int64_t n, const double *a, const double *b, double *y)
{
	for (int64_t i = 0; i < n; i++)
		y[i] = a[i] + b[i];
}

RNF_INLINE void broadcast(int64_t pixels, int64_t c, int64_t n, const float *v,
			  float factor, float *y)
{
	float value[BLOCK];
	for (int64_t i = 0; i < n; i++)
		value[i] = v[i] * factor;
	for (int64_t p = 0; p < pixels; p++, y += c)
		copy(n, value, y);
}

RNF_CLONES
void rnf_broadcast_tile(int64_t pixels, int64_t c, const float *v, float factor,
			float *y)
{
	int64_t i = 0;
	for (; i + BLOCK <= c; i += BLOCK)
		broadcast(pixels, c, BLOCK, v + i, factor, y + i);
	if (i < c) broadcast(pixels, c, c - i, v + i, factor, y + i);
}

/* -- sums: vectors by name, since compilers take sums in arrays apart -- */

RNF_INLINE void sum_block(int64_t pixels, int64_t c, const float *x, float *sum)
{
	rnf_vec s[VECTORS] = { 0 };
	for (int64_t p = 0; p < pixels; p++, x += c)
		for (int v = 0; v < VECTORS; v++)
			s[v] += ((const rnf_vec *)x)[v];
	for (int v = 0; v < VECTORS; v++)
		((rnf_vec *)sum)[v] += s[v];
}

RNF_CLONES
void rnf_sum_tile(int64_t pixels, int64_t c, const float *x, float *restrict sum)
{
	int64_t i = 0;
	for (; i + BLOCK <= c; i += BLOCK)
		sum_block(pixels, c, x + i, sum + i);
	for (; i < c; i++) {
		float s = 0;
		for (int64_t p = 0; p < pixels; p++)
			s += x[p * c + i];
		sum[i] += s;
	}
}

RNF_INLINE void stats_block(int64_t pixels, int64_t c, const float *x, const float *m,
			    float *sum)
{
	rnf_vec s[VECTORS] = { 0 }, square[VECTORS] = { 0 };
	for (int64_t p = 0; p < pixels; p++, x += c)
		for (int v = 0; v < VECTORS; v++) {
			const rnf_vec d = ((const rnf_vec *)x)[v] - ((const rnf_vec *)m)[v];
			s[v] += d;
			square[v] += d * d;
		}
	for (int v = 0; v < VECTORS; v++) {
		((rnf_vec *)sum)[v] += s[v];
		((rnf_vec *)(sum + c))[v] += square[v];
	}
}

RNF_CLONES
void rnf_stats_tile(int64_t pixels, int64_t c, const float *x, const float *m,
		    float *restrict sum)
{
	int64_t i = 0;
	for (; i + BLOCK <= c; i += BLOCK)
		stats_block(pixels, c, x + i, m + i, sum + i);
	for (; i < c; i++) {
		float s = 0, square = 0;
		for (int64_t p = 0; p < pixels; p++) {
			const float d = x[p * c + i] - m[i];
			s += d;
			square += d * d;
		}
		sum[i] += s;
		sum[c + i] += square;
	}
}

/* Sums around m are small and exact enough in float; those around 0 can be far larger than
 * what is left of them, which is the variance. */
RNF_CLONES
void rnf_stats_add(int64_t c, int64_t pixels, const float *sum, const float *m, double *to)
{
	const double n = (double)pixels;
	for (int64_t i = 0; i < c; i++) {
		const double s = sum[i], shift = m[i];
		to[i] += s + n * shift;
		to[c + i] += sum[c + i] + shift * (2 * s + n * shift);
	}
}

RNF_INLINE void bn_sums_block(int64_t pixels, int64_t c, const float *dy, const float *x,
			      const float *m, float *sum)
{
	rnf_vec s[VECTORS] = { 0 }, product[VECTORS] = { 0 };
	for (int64_t p = 0; p < pixels; p++, dy += c, x += c)
		for (int v = 0; v < VECTORS; v++) {
			const rnf_vec d = ((const rnf_vec *)dy)[v];
			s[v] += d;
			product[v] += d * (((const rnf_vec *)x)[v] - ((const rnf_vec *)m)[v]);
		}
	for (int v = 0; v < VECTORS; v++) {
		((rnf_vec *)sum)[v] += s[v];
		((rnf_vec *)(sum + c))[v] += product[v];
	}
}

RNF_CLONES
void rnf_bn_sums_tile(int64_t pixels, int64_t c, const float *dy, const float *x,
		      const float *m, float *restrict sum)
{
	int64_t i = 0;
	for (; i + BLOCK <= c; i += BLOCK)
		bn_sums_block(pixels, c, dy + i, x + i, m + i, sum + i);
	for (; i < c; i++) {
		float s = 0, product = 0;
		for (int64_t p = 0; p < pixels; p++) {
			s += dy[p * c + i];
			product += dy[p * c + i] * (x[p * c + i] - m[i]);
		}
		sum[i] += s;
		sum[c + i] += product;
	}
}

RNF_INLINE void dot_block(int64_t pixels, int64_t c, const float *a, const float *b,
			  float *sum)
{
	rnf_vec s[VECTORS] = { 0 };
	for (int64_t p = 0; p < pixels; p++, a += c, b += c)
		for (int v = 0; v < VECTORS; v++)
			s[v] += ((const rnf_vec *)a)[v] * ((const rnf_vec *)b)[v];
	for (int v = 0; v < VECTORS; v++)
		((rnf_vec *)sum)[v] += s[v];
}

RNF_CLONES
void rnf_dot_tile(int64_t pixels, int64_t c, const float *a, const float *b,
		  float *restrict sum)
{
	int64_t i = 0;
	for (; i + BLOCK <= c; i += BLOCK)
		dot_block(pixels, c, a + i, b + i, sum + i);
	for (; i < c; i++) {
		float s = 0;
		for (int64_t p = 0; p < pixels; p++)
			s += a[p * c + i] * b[p * c + i];
		sum[i] += s;
	}
}
