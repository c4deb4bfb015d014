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
	int64_t weight; /* which tap of the kernel; backward, of the flipped kernel */
	int64_t beside; /* taps from this one on with adjacent pixels and weights */
	int64_t lanes;  /* grouped: offset from a pixel in rows laid out to what it reads */
};

/* The output pixels (oy + row * out_step, ox + col * out_step). */
struct native_sub {
	struct native_tap *taps;
	int64_t n_taps, rows, cols, oy, ox;
	int threes; /* grouped: taps come in adjacent threes */
};

struct native_conv {
	struct rnf_conv_shape shape;
	int64_t h, w, c;      /* image that is read; bf16, except for weight gradients: c pairs */
	int64_t out_w, k;     /* row length and channels of the image that is written */
	int64_t padded;       /* k, rounded up to whole vectors */
	int64_t column;       /* output channels whose weights are adjacent */
	int64_t in_step, out_step;
	int64_t dy[2];        /* smallest and largest of all taps */
	struct native_sub *subs;
	size_t n_subs;
	const float *zero; /* pixels read outside of the image: a row of a Winograd tile */
	/* grouped, and weights of one tap: `band` */
	int64_t depth;     /* input channels that an output channel reads */
	int64_t per;       /* output channels of a group */
	int even;          /* as many inputs as outputs in a group, whole groups in a vector */
	int64_t slice;     /* output channels whose input is laid out at once */
	int64_t band;      /* and rows of a sub-conv; of weights in bf16 too */
	int64_t left, columns; /* zeros before such a row, and its whole length ... */
	int64_t pixel;     /* ... in pixels of this many floats */
	/* Winograd: `left` and these zeros before the image */
	int64_t top;
	int64_t out_h, c_padded;
	int64_t tiles_x, tiles;
	int64_t tiles_at_once; /* weight gradient of bf16: pairs of them */
	/* Weight gradient of bf16: also `left`, c_padded, and `columns`, the pairs of
	 * pixels in a row of a copy (bf16.h). */
};

/* Round to nearest, ties to even. */
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

/* What Winograd's weight gradient keeps between the images of a leaf. */
struct native_leaf {
	int64_t gathered, multiplied; /* waiting tiles; whether any have been summed */
	float floats[] __attribute__((aligned(64)));
};

/* Floats of Winograd's 36 points of a tile's channels, and of a point's weights. Each is
 * padded by a cache line: at strides of whole KB all tiles and all points would share a
 * few sets of L1. */
static inline int64_t native_tile(int64_t channels)
{
	return 36 * channels + 16;
}

static inline int64_t native_plane(const struct native_conv *g)
{
	return (g->c * g->padded + 15) / 16 * 16 + 16;
}

/* Of the weight gradient's sums of a point: PATCH input channels by a column. */
enum { PATCH = 16 };
static inline int64_t native_patch_plane(const struct native_conv *g)
{
	return PATCH * g->column + 16;
}

/* Of `channels` channels of arranged pixels: padded by a cache line, or all bundles of a
 * pixel would share one set of L1. */
static inline int64_t native_bundle(int64_t pixels, int64_t channels)
{
	return pixels * channels + 16;
}

/* Pairs of output pixels in a row; the last pair may be half empty. */
static inline int64_t native_output_pairs(const struct native_conv *g)
{
	return (g->subs[0].cols + 1) / 2;
}

/* How many pieces of `size` cover n; the last one may be smaller. */
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

/* Lanes past the channels of the column that begins at k: whole vectors. */
static inline int64_t native_column_end(const struct native_conv *g, int64_t k)
{
	return k + g->column < g->padded ? k + g->column : g->padded;
}

/* The weights of a tap for the column that begins at k: [rows][width], one for each input
 * channel. Those of a column are adjacent: rows a power of two apart would share a few
 * sets of L1. */
static inline int64_t native_packed_at(const struct native_conv *g, int64_t tap, int64_t k,
				       int64_t rows, int64_t width)
{
	const struct rnf_window *w = &g->shape.window;
	return rows * (k * w->kernel_h * w->kernel_w + tap * width);
}

typedef void native_run(const struct native_conv *, const struct rnf_kernel_io *);

/* By Winograd, with points in float or bf16. */
struct native_winograd {
	const char *name;
	native_run *run, *weights;
	void (*pack)(const void *conv, const float *weights, float *packed); /* for run */
};

/* The kernels of one instruction set. */
struct native_isa {
	const char *name, *bf16_name;
	int emulates_bf16; /* for tests: not offered to users */
	int64_t lanes, vectors; /* of a column that is summed at once */
	int64_t channels;       /* the same for weight gradients */
	int permutes;           /* the lanes of a vector, in one instruction */
	/* The weights, io->in[1], in the layout of native_packed_at() ... */
	native_run *dense, *dense_weights, *point_weights, *grouped, *grouped_weights;
	/* ... or of native_bf16_pack(). */
	native_run *bf16, *bf16_weights;
	struct native_winograd winograd, winograd_bf16;
	double (*peak)(enum rnf_precision); /* as the backend's own (peak.h) */
};

/* (taps.c) Fill in what all kernels share; `g` must be zero; memory is the host's. 0:
 * there is none. */
int native_taps_set(struct native_conv *g, const struct rnf_host *, const struct native_isa *,
		    const struct rnf_conv_shape *);
/* Where the kernel has tap t (backward: of the flipped kernel, so that taps go to the
 * right and down) between input channel j (of a group) and output channel k. */
int64_t native_weight_at(const struct native_conv *, int64_t tap, int64_t j, int64_t k);
/* Pack the weights of all taps in the layout of native_packed_at(): pack_tap writes those
 * of a tap for the column that begins at `from`, and returns their end. */
typedef float *native_pack_tap(const struct native_conv *, int64_t from, int64_t tap,
			       const float *weights, float *packed);
void native_pack(const struct native_conv *, native_pack_tap *, const float *weights,
		 float *packed);

/* The functions below set a conv's sizes for one kind of kernel and return its scratch in
 * bytes; weights are packed for the kernel that reads them. */

/* Grouped convs, and the weight gradient of one tap. (direct.c) */
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
