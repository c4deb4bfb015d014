#include "kernel/pointwise.h"

#include <rnframe/vmath.h>

RNF_MULTIARCH
void rnf_bias_tile(int64_t pixels, int64_t c, const float *x, const float *b,
		   float *y)
{
	for (int64_t p = 0; p < pixels; p++)
		for (int64_t i = 0; i < c; i++)
			y[p * c + i] = x[p * c + i] + b[i];
}

RNF_MULTIARCH
void rnf_affine_tile(int64_t pixels, int64_t c, const float *x,
		     const float *coef, float *y)
{
	const float *a = coef, *b = coef + c;
	for (int64_t p = 0; p < pixels; p++)
		for (int64_t i = 0; i < c; i++)
			y[p * c + i] = a[i] * x[p * c + i] + b[i];
}

RNF_MULTIARCH
void rnf_affine_bwd_tile(int64_t pixels, int64_t c, const float *dy,
			 const float *x, const float *coef, float *dx)
{
	const float *a = coef, *b = coef + c, *m = coef + 2 * c, *k = coef + 3 * c;
	for (int64_t p = 0; p < pixels; p++)
		for (int64_t i = 0; i < c; i++)
			dx[p * c + i] = a[i] * dy[p * c + i] +
					b[i] * (x[p * c + i] - m[i]) + k[i];
}

RNF_MULTIARCH
void rnf_scale_tile(int64_t pixels, int64_t c, const float *x, const float *s,
		    float *y)
{
	for (int64_t p = 0; p < pixels; p++)
		for (int64_t i = 0; i < c; i++)
			y[p * c + i] = x[p * c + i] * s[i];
}

RNF_MULTIARCH
void rnf_add_tile(int64_t n, const float *a, const float *b, float *y)
{
	for (int64_t i = 0; i < n; i++)
		y[i] = a[i] + b[i];
}

RNF_MULTIARCH
void rnf_broadcast_tile(int64_t pixels, int64_t c, const float *v, float factor,
			float *y)
{
	for (int64_t p = 0; p < pixels; p++)
		for (int64_t i = 0; i < c; i++)
			y[p * c + i] = v[i] * factor;
}

RNF_MULTIARCH
void rnf_sum_tile(int64_t pixels, int64_t c, const float *x, float *restrict sum)
{
	for (int64_t p = 0; p < pixels; p++)
		for (int64_t i = 0; i < c; i++)
			sum[i] += x[p * c + i];
}

RNF_MULTIARCH
void rnf_stats_tile(int64_t pixels, int64_t c, const float *x, const float *m,
		    float *restrict sum)
{
	float *restrict square = sum + c;
	for (int64_t p = 0; p < pixels; p++)
		for (int64_t i = 0; i < c; i++) {
			const float d = x[p * c + i] - m[i];
			sum[i] += d;
			square[i] += d * d;
		}
}

RNF_MULTIARCH
void rnf_bn_sums_tile(int64_t pixels, int64_t c, const float *dy,
		      const float *x, const float *m, float *restrict sum)
{
	float *restrict product = sum + c;
	for (int64_t p = 0; p < pixels; p++)
		for (int64_t i = 0; i < c; i++) {
			sum[i] += dy[p * c + i];
			product[i] += dy[p * c + i] * (x[p * c + i] - m[i]);
		}
}

RNF_MULTIARCH
void rnf_dot_tile(int64_t pixels, int64_t c, const float *a, const float *b,
		  float *restrict sum)
{
	for (int64_t p = 0; p < pixels; p++)
		for (int64_t i = 0; i < c; i++)
			sum[i] += a[p * c + i] * b[p * c + i];
}
