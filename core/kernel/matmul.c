#include "kernel/matmul.h"

#include <string.h>

void rnf_matmul_fwd(int64_t pixels, int64_t c, int64_t k, const float *x,
		    const float *w, float *y)
{
	memset(y, 0, (size_t)(pixels * k) * sizeof *y);
	for (int64_t p = 0; p < pixels; p++)
		for (int64_t i = 0; i < c; i++)
			for (int64_t o = 0; o < k; o++)
				y[p * k + o] += x[p * c + i] * w[i * k + o];
}

void rnf_matmul_bwd_data(int64_t pixels, int64_t c, int64_t k, const float *dy,
			 const float *w, float *dx)
{
	for (int64_t p = 0; p < pixels; p++)
		for (int64_t i = 0; i < c; i++) {
			float sum = 0;
			for (int64_t o = 0; o < k; o++)
				sum += dy[p * k + o] * w[i * k + o];
			dx[p * c + i] = sum;
		}
}

void rnf_matmul_bwd_weights(int64_t pixels, int64_t c, int64_t k, const float *x,
			    const float *dy, float *dw, int first)
{
	if (first) memset(dw, 0, (size_t)(c * k) * sizeof *dw);
	for (int64_t p = 0; p < pixels; p++)
		for (int64_t i = 0; i < c; i++)
			for (int64_t o = 0; o < k; o++)
				dw[i * k + o] += x[p * c + i] * dy[p * k + o];
}
