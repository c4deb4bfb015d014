/* Pools over one image, NHWC. Windows count only pixels inside the image; the
 * backward passes overwrite dx. */
#ifndef RNF_KERNEL_POOL_H
#define RNF_KERNEL_POOL_H

#include <rnframe/graph.h>

void rnf_avgpool_fwd(const struct rnf_window *w, int64_t h, int64_t wd, int64_t c,
		     const float *x, float *y);
void rnf_avgpool_bwd(const struct rnf_window *w, int64_t h, int64_t wd, int64_t c,
		     const float *dy, float *dx);
void rnf_maxpool_fwd(const struct rnf_window *w, int64_t h, int64_t wd, int64_t c,
		     const float *x, float *y);
/* The gradient goes to the first maximum of each window, found again in x. */
void rnf_maxpool_bwd(const struct rnf_window *w, int64_t h, int64_t wd, int64_t c,
		     const float *x, const float *dy, float *dx);

#endif
