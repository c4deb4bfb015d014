/* Kind "activation": y = f(x) element by element, as tile kernels which run
 * inside the planner's chains.
 *
 * Contract of every tile kernel: 1 <= n <= RNF_TILE_MAX; only float alignment
 * is promised; y == x and dx == dy (or dx == x) are allowed, no other overlap;
 * pure and reentrant: no allocation, lock, log or write to self; NaN in gives
 * NaN out. f(0) may be anything. [worker] */
#ifndef RNFRAME_ACTIVATION_H
#define RNFRAME_ACTIVATION_H

#include <rnframe/formula.h>
#include <rnframe/plugin.h>

#define RNF_TILE_MAX 4096

/* Where a tile lies; random kernels draw from (key, sample, offset + i). */
struct rnf_tile {
	uint32_t size, reserved;
	uint64_t key;    /* of (seed, epoch, node) */
	uint64_t sample; /* index of the image in its split */
	uint64_t offset; /* of the tile's first element in the image */
	int64_t pixels, channels; /* of the tile: n = pixels channels */
	int32_t training;
};

struct rnf_activation_impl {
	/* y[n] = f(x[n]) */
	void (*fwd)(const void *self, const struct rnf_tile *tile, size_t n,
		    const float *x, float *y);
	/* dx[n] = dy[n] f'(x[n]) */
	void (*bwd)(const void *self, const struct rnf_tile *tile, size_t n,
		    const float *x, const float *dy, float *dx);
	/* Optional: both at once; y has the bits of fwd. */
	void (*fwd_bwd)(const void *self, const struct rnf_tile *tile, size_t n,
			const float *x, const float *dy, float *y, float *dx);
	/* The oracle: f(x), and f'(x) into *slope. Optional for random kernels. */
	double (*ref)(const void *self, double x, double *slope);
	/* Optional: f as a formula (formula.h) of the term x. [main] */
	int32_t (*formula)(const void *self, struct rnf_formula *, int32_t x);
};

#endif
