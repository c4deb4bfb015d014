/* Small dense products of one image: x [pixels][c], w [c][k], y [pixels][k]. */
#ifndef RNF_KERNEL_MATMUL_H
#define RNF_KERNEL_MATMUL_H

#include <stdint.h>

void rnf_matmul_fwd(int64_t pixels, int64_t c, int64_t k, const float *x,
		    const float *w, float *y);
/* dx is overwritten */
void rnf_matmul_bwd_data(int64_t pixels, int64_t c, int64_t k, const float *dy,
			 const float *w, float *dx);
/* dw [c][k] is overwritten when first, else added to */
void rnf_matmul_bwd_weights(int64_t pixels, int64_t c, int64_t k, const float *x,
			    const float *dy, float *dw, int first);

#endif
