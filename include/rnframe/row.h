/* Primitives of a plugin's own: what the calls of graph.h cannot express, a layer appends by
 * graph->rows (pixels in chains), graph->image (one image, any shapes) or graph->derive (of
 * weights alone). Its gradient comes with it; core plans, fuses and runs it as its own. Same
 * bits for any threads: images are summed in a fixed tree.
 *
 * Functions are pure and reentrant: no allocation, lock, log or write to self; NaN in gives
 * NaN out. impl, its arrays and self live as long as the graph: static, or of host->alloc.
 * [worker] */
#ifndef RNFRAME_ROW_H
#define RNFRAME_ROW_H

#include <rnframe/activation.h>

/* What an operand is, of x = in[0] with pixels (h, w) and c channels. */
enum rnf_in {
	RNF_IN_TILE,   /* an image (h, w, c); tiles of it: [pixels][c] */
	RNF_IN_PLANE,  /* an image (h, w, any); [pixels][any] */
	RNF_IN_MAP,    /* an image (h, w, 1); [pixels] */
	RNF_IN_VECTOR, /* an image (1, 1, c); whole: [c] */
	RNF_IN_SCALAR, /* an image (1, 1, 1); whole: [1] */
	RNF_IN_WEIGHT, /* a weight, trained; whole */
	RNF_IN_IMAGE,  /* of graph->image: an image of any shape, whole */
};

enum { RNF_IN_MAX = 7 }; /* operands, at most */

enum rnf_row_flags {
	/* The backward pass computes y again rather than keeps it. */
	RNF_ROW_CHEAP = 1,
	/* y, or d of a gradient, may be any of the tiles that the call reads and that is as
	 * wide as itself. */
	RNF_ROW_IN_PLACE = 2,
};

/* y [pixels][channels of y] from whole pixels: tile->pixels, tile->channels of x. */
struct rnf_row_impl {
	uint32_t size; /* of this struct */
	uint32_t flags;
	uint32_t n_in;         /* 1 .. RNF_IN_MAX */
	const uint32_t *roles; /* [n_in], enum rnf_in; the first is RNF_IN_TILE */
	/* [n_in]; bit j of reads[i]: the gradient of i reads in[j], which is NULL if not. NULL:
	 * all read all. What nobody reads is not kept. */
	const uint32_t *reads;
	void (*fwd)(const void *self, const struct rnf_tile *tile, const float *const *in,
		    float *y);
	/* The gradient of operand i from dy, which has y's shape. TILE, PLANE and MAP: d is
	 * written, [pixels][its channels]. VECTOR, SCALAR and WEIGHT: what the tile gives is
	 * added to d, whole. */
	void (*bwd)(const void *self, const struct rnf_tile *tile, uint32_t i,
		    const float *const *in, const float *dy, float *d);
	/* Optional: y in inference as a formula (formula.h) of the terms in[n_in]. [main] */
	int32_t (*formula)(const void *self, struct rnf_formula *, const int32_t *in);
};

/* y of one image from whole images and weights, NHWC; tile: pixels, channels of in[0]. */
struct rnf_image_impl {
	uint32_t size; /* of this struct */
	uint32_t flags; /* 0 */
	uint32_t n_in;
	const uint32_t *roles; /* [n_in], RNF_IN_IMAGE or RNF_IN_WEIGHT */
	const uint32_t *reads; /* as above */
	size_t scratch; /* floats for each call; anything may lie in them */
	void (*fwd)(const void *self, const struct rnf_tile *tile, const float *const *in,
		    float *y, float *scratch);
	/* IMAGE: d is written. WEIGHT: what the image gives is added to d. */
	void (*bwd)(const void *self, const struct rnf_tile *tile, uint32_t i,
		    const float *const *in, const float *dy, float *d, float *scratch);
	/* Optional, as above. */
	int32_t (*formula)(const void *self, struct rnf_formula *, const int32_t *in);
};

/* y from weights, running statistics and values derived from such, all whole: once before
 * each batch of training, in inference once the weights have changed. self has the sizes. */
struct rnf_derive_impl {
	uint32_t size; /* of this struct */
	uint32_t flags; /* 0 */
	uint32_t n_in;  /* 0 .. RNF_IN_MAX; 0: y is the same for good */
	void (*fwd)(const void *self, const float *const *in, float *y);
	/* The gradient of operand i, written to d, from dy, which is summed over the batch. Not
	 * of running statistics. NULL: y is for inference alone, or made of no weight. */
	void (*bwd)(const void *self, uint32_t i, const float *const *in, const float *dy,
		    float *d);
};

#endif
