/* Loops of the pointwise primitives over a tile of `pixels` x c, and of the
 * small ops at barriers. Plain C: each output channel is summed in the order of
 * the pixels, so vector width changes no bit. In place where names say so. */
#ifndef RNF_KERNEL_POINTWISE_H
#define RNF_KERNEL_POINTWISE_H

#include <stdint.h>

/* y = x + b[c]; y may be x */
void rnf_bias_tile(int64_t pixels, int64_t c, const float *x, const float *b, float *y);
/* y = a[c] (x - m[c]) + b[c]; coef = a, b, m, which follow each other at distance c: no
 * digits are lost where x and m are large; y may be x */
void rnf_affine_tile(int64_t pixels, int64_t c, const float *x, const float *coef, float *y);
/* dx = a[c] dy + b[c] (x - m[c]) + k[c]; coef = a, b, m, k; dx may be dy or x */
void rnf_affine_bwd_tile(int64_t pixels, int64_t c, const float *dy, const float *x,
			 const float *coef, float *dx);
/* y = x s[c]; y may be x */
void rnf_scale_tile(int64_t pixels, int64_t c, const float *x, const float *s, float *y);
/* y = a + b; n floats; y may be either */
void rnf_add_tile(int64_t n, const float *a, const float *b, float *y);
/* the same of n doubles */
void rnf_add_doubles(int64_t n, const double *a, const double *b, double *y);
/* y = v[c] factor */
void rnf_broadcast_tile(int64_t pixels, int64_t c, const float *v, float factor, float *y);
/* sum[c] += x */
void rnf_sum_tile(int64_t pixels, int64_t c, const float *x, float *sum);
/* sum[0..c) += x - m[c]; sum[c..2c) += (x - m[c])^2 */
void rnf_stats_tile(int64_t pixels, int64_t c, const float *x, const float *m, float *sum);
/* What that has summed over so many pixels, around 0: to[0..c) += x; to[c..2c) += x^2 */
void rnf_stats_add(int64_t c, int64_t pixels, const float *sum, const float *m, double *to);
/* sum[0..c) += dy; sum[c..2c) += dy (x - m[c]) */
void rnf_bn_sums_tile(int64_t pixels, int64_t c, const float *dy, const float *x,
		      const float *m, float *sum);
/* sum[c] += a b */
void rnf_dot_tile(int64_t pixels, int64_t c, const float *a, const float *b, float *sum);

#endif
