/* native: convolutions as lists of taps, NHWC, vectors along the output's
 * channels. What the files of this folder share.
 *
 * A conv, its input gradient and every parity class of a strided input gradient
 * are one loop: output pixel (row, col) of a sub-conv sums, over its taps,
 *   in[row * in_step + dy][col * in_step + dx][:] . w[weight][:][:]
 * A tap that is outside of the image for all pixels summed at once is left out, not
 * multiplied, and so is the first or the last pixel where it alone has it outside; where
 * more have, zeros stand for theirs. */
#ifndef RNF_NATIVE_H
#define RNF_NATIVE_H

#include <string.h>
#include <rnframe/backend.h>

struct native_tap {
	int64_t dy, dx;
	int64_t weight; /* which tap of the kernel; backward, of it turned around */
	int64_t beside; /* taps from this on whose pixels and weights follow each other */
	int64_t lanes;  /* grouped: from a pixel's place in rows laid out to what it reads */
};

/* The output pixels (oy + row * out_step, ox + col * out_step). */
struct native_sub {
	struct native_tap *taps;
	int64_t n_taps, rows, cols, oy, ox;
	int threes; /* grouped: taps come in threes side by side */
};

struct native_conv {
	struct rnf_conv_shape shape;
	int64_t h, w, c;      /* image that is read; bf16, but for weight gradients: c pairs */
	int64_t out_w, k;     /* row length and channels of the one written */
	int64_t padded;       /* k, rounded up to whole vectors */
	int64_t column;       /* output channels whose weights lie together */
	int64_t in_step, out_step;
	int64_t dy[2];        /* smallest and largest of all taps */
	struct native_sub *subs;
	size_t n_subs;
	const float *zero; /* what is read outside of the image: a row of a Winograd tile */
	/* grouped, and weights of one tap: `band` */
	int64_t depth;     /* input channels that an output channel reads */
	int64_t per;       /* output channels of a group */
	int even;          /* as many inputs as outputs in a group, whole groups in a vector */
	int64_t slice;     /* output channels whose input is laid out at once */
	int64_t band;      /* and rows of a sub-conv; of weights in bf16 too */
	int64_t left, columns; /* zeros before such a row, and its whole length ... */
	int64_t pixel;     /* ... in pixels of so many floats */
	/* Winograd: `left` and these zeros before the image */
	int64_t top;
	int64_t out_h, c_padded;
	int64_t tiles_x, tiles;
	int64_t tiles_at_once; /* weight gradient of bf16: pairs of them */
	/* Weight gradient of bf16: `left` too, c_padded, and `columns`, which are
	 * the pairs of pixels in a row of a copy (bf16.h). */
};

/* Rounded to the nearest, ties to even. */
static inline uint32_t native_bf16(float a)
{
	uint32_t bits;
	memcpy(&bits, &a, sizeof bits);
	if ((bits & 0x7fffffff) > 0x7f800000) return bits >> 16 | 0x40; /* NaN */
	return (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
}

static inline uint32_t native_pair(float first, float second)
{
	return native_bf16(first) | native_bf16(second) << 16;
}

/* What Winograd's weight gradient keeps from one image of a leaf to the next. */
struct native_leaf {
	int64_t gathered, multiplied; /* tiles that wait; whether any have been summed */
	float floats[] __attribute__((aligned(64)));
};

/* Floats of Winograd's 36 points of a tile's channels, and of a point's weights. Each
 * has a cache line more than there are, or at strides of whole KB all tiles and all
 * points shared a few sets of L1. */
static inline int64_t native_tile(int64_t channels)
{
	return 36 * channels + 16;
}

static inline int64_t native_plane(const struct native_conv *g)
{
	return (g->c * g->padded + 15) / 16 * 16 + 16;
}

/* Of the weight gradient's sums of a point: PATCH channels of the input by a column. */
enum { PATCH = 16 };
static inline int64_t native_patch_plane(const struct native_conv *g)
{
	return PATCH * g->column + 16;
}

/* Of `channels` channels of pixels put in order: a cache line more than there are, or all
 * bundles of a pixel were in one L1 set. */
static inline int64_t native_bundle(int64_t pixels, int64_t channels)
{
	return pixels * channels + 16;
}

/* Of output pixels in a row, the last one maybe without its second. */
static inline int64_t native_output_pairs(const struct native_conv *g)
{
	return (g->subs[0].cols + 1) / 2;
}

/* How many pieces of `size` n is cut into, the last one maybe smaller. */
static inline int64_t native_pieces(int64_t n, int64_t size)
{
	return (n + size - 1) / size;
}

/* Smallest i >= 0 with i * step + d >= bound, d and bound of any sign. */
static inline int64_t native_first(int64_t step, int64_t d, int64_t bound)
{
	const int64_t n = bound - d;
	return n <= 0 ? 0 : (n + step - 1) / step;
}

/* Behind the channels of the column that begins at k: whole vectors. */
static inline int64_t native_column_end(const struct native_conv *g, int64_t k)
{
	return k + g->column < g->padded ? k + g->column : g->padded;
}

/* The weights of a tap for the column that begins at k: [rows][width], one for each
 * channel that is read. A column's follow each other: rows that are a power of two
 * apart would share a few sets of L1. */
static inline int64_t native_packed_at(const struct native_conv *g, int64_t tap, int64_t k,
				       int64_t rows, int64_t width)
{
	const struct rnf_window *w = &g->shape.window;
	return rows * (k * w->kernel_h * w->kernel_w + tap * width);
}

typedef void native_run(const struct native_conv *, const struct rnf_step_io *);

/* By Winograd, with points that are floats, or bf16. */
struct native_winograd {
	const char *name;
	native_run *run, *weights;
	void (*pack)(const void *conv, const float *weights, float *packed); /* for run */
};

/* The kernels of one instruction set. */
struct native_isa {
	const char *name, *bf16_name;
	int emulates_bf16; /* for tests: it is not offered */
	int64_t lanes, vectors; /* of a column that is summed at once */
	int64_t channels;       /* whose weight gradients are */
	int permutes;           /* the lanes of a vector, in one instruction */
	/* The weights that are read, io->in[1]: as native_packed_at() finds them ... */
	native_run *dense, *dense_weights, *point_weights, *grouped, *grouped_weights;
	/* ... or as native_bf16_pack() leaves them. */
	native_run *bf16, *bf16_weights;
	struct native_winograd winograd, winograd_bf16;
	double (*peak)(enum rnf_precision); /* as the backend's own (peak.h) */
};

/* (taps.c) All that the kernels share, of a `g` that is 0; memory is the host's. 0: there is
 * none. */
int native_taps_set(struct native_conv *g, const struct rnf_host *, const struct native_isa *,
		    const struct rnf_conv_shape *);
/* Where the kernel has tap t (backward: of it turned around, so that taps go to the
 * right and down) between channel j that is read (of a group's) and channel k that is
 * written. */
int64_t native_weight_at(const struct native_conv *, int64_t tap, int64_t j, int64_t k);
/* The weights of all taps, as native_packed_at() finds them: pack_tap writes those of a tap
 * for the column that begins at `from`, and returns where it ends. */
typedef float *native_pack_tap(const struct native_conv *, int64_t from, int64_t tap,
			       const float *weights, float *packed);
void native_pack(const struct native_conv *, native_pack_tap *, const float *weights,
		 float *packed);

/* What follows sets a conv's sizes for one kind of kernel, and returns their scratch in
 * bytes; weights are packed for the kernel that reads them. */

/* In groups, and the weight gradient of one tap. (direct.c) */
size_t native_grouped_size(struct native_conv *, const struct native_isa *);
size_t native_points_size(struct native_conv *, const struct native_isa *);
size_t native_direct_pack_floats(const struct native_conv *);
void native_direct_pack(const void *conv, const float *weights, float *packed);

/* Dense, on pairs. (bf16.c) */
size_t native_bf16_size(struct native_conv *);
size_t native_bf16_weights_size(struct native_conv *, int64_t lanes);
size_t native_bf16_pack_floats(const struct native_conv *);
void native_bf16_pack(const void *conv, const float *weights, float *packed);

/* (winograd.c) */
int native_winograd_fits(const struct rnf_conv_shape *);
void native_winograd_size(struct native_conv *, int64_t lanes);
size_t native_winograd_scratch(const struct native_conv *);
size_t native_winograd_leaf(const struct native_conv *);
size_t native_winograd_pack_floats(const struct native_conv *);

extern const struct native_isa native_portable;
#ifdef __x86_64__
extern const struct native_isa native_avx2, native_avx512, native_avx512bf16;
#endif

#endif
