/* native: convolutions as lists of taps, NHWC, vectors along the output's
 * channels. What the files of this folder share.
 *
 * A conv, its input gradient and every parity class of a strided input gradient
 * are one loop: output pixel (row, col) of a sub-conv sums, over its taps,
 *   in[row * in_step + dy][col * in_step + dx][:] . w[weight][:][:]
 * Taps outside of the image are left out, not multiplied. */
#ifndef RNF_NATIVE_H
#define RNF_NATIVE_H

#include <rnframe/backend.h>

struct native_tap {
	int64_t dy, dx;
	int64_t weight; /* which tap of the kernel */
};

/* The output pixels (oy + row * out_step, ox + col * out_step). */
struct native_sub {
	const struct native_tap *taps;
	int64_t n_taps, rows, cols, oy, ox;
	int64_t inner[2]; /* columns from, up to which no tap is outside */
};

struct native_conv {
	struct rnf_conv_shape shape;
	int64_t h, w, c;      /* image that is read */
	int64_t out_w, k;     /* row length and channels of the one written */
	int64_t padded;       /* k, rounded up to whole vectors */
	int64_t in_step, out_step;
	int64_t dy[2];        /* smallest and largest of all taps */
	struct native_sub *subs;
	size_t n_subs;
	const float *zero; /* [c]: what is read outside of the image */
	/* grouped: */
	int64_t depth;     /* input channels that an output channel reads */
	int64_t per;       /* output channels of a group */
	int64_t band;      /* rows of a sub-conv whose input is spread at once */
	int64_t left, columns; /* zeros before a spread row, and its whole length */
};

/* Smallest i with i * step + d >= bound, d and bound of any sign. */
static inline int64_t native_first(int64_t step, int64_t d, int64_t bound)
{
	const int64_t n = bound - d;
	return n <= 0 ? 0 : (n + step - 1) / step;
}

/* The kernels of one instruction set. w is [weight][c or depth][padded]. */
struct native_isa {
	const char *name;
	int64_t lanes;
	void (*dense)(const struct native_conv *, const float *in, const float *w,
		      float *out);
	void (*dense_weights)(const struct native_conv *, const float *x,
			      const float *dy, float *dw, int first);
	void (*grouped)(const struct native_conv *, const float *in, const float *w,
			float *out, float *scratch);
	void (*grouped_weights)(const struct native_conv *, const float *x,
				const float *dy, float *dw, int first, float *scratch);
};

extern const struct native_isa native_portable;
#ifdef __x86_64__
extern const struct native_isa native_avx2;
#endif

#endif
