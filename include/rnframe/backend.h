/* Kind "backend": kernels for the tasks of a plan. The core has a plain version
 * of every task; a backend gives faster ones where it can.
 *
 * Tensors are NHWC, dense: pixel (y, x) of an image at (y * w + x) * c. */
#ifndef RNFRAME_BACKEND_H
#define RNFRAME_BACKEND_H

#include <rnframe/graph.h>

/* A conv, of its window and groups, which divide c and k:
 *   y[oy][ox][o] = sum over ky, kx, j of kernel[ky][kx][j][o] times
 *     x[oy stride + ky dilation - pad_top][ox stride + kx dilation - pad_left][first(o) + j]
 * with x[h][w][c], y[out_h][out_w][k], kernel[kernel_h][kernel_w][c / groups][k], 0 for a
 * pixel outside of x, and first(o) = o / (k / groups) * (c / groups), in whole numbers.
 * Any window: zeros may lie on all sides or on none, and pixels of x may meet nothing. Its
 * dilation is 1 or more, its border zero: the core makes the other ones, as a part of x.
 * dx and dkernel are the gradients of sum(y dy), dkernel of a batch's images added up. */
enum rnf_conv_kind {
	RNF_CONV_FWD,         /* in: x, kernel; out: y */
	RNF_CONV_BWD_DATA,    /* in: dy, kernel; out: dx */
	RNF_CONV_BWD_WEIGHTS, /* in: x, dy; out: dkernel, added unless first */
};

/* What a conv multiplies. Weights, sums and results are always fp32. BF16 lets a kernel
 * take its tensors as bf16 (narrow_in below), and round weights (to nearest, ties to
 * even), or what it computes from both. For a dense conv DIRECT rounds so; whether other
 * kernels do depends on the shape alone. */
enum rnf_precision { RNF_PRECISION_FP32, RNF_PRECISION_BF16 };
static const char *const rnf_precision_words[] = { "fp32", "bf16", NULL };

struct rnf_conv_shape {
	enum rnf_conv_kind kind;
	enum rnf_algorithm algorithm; /* AUTO: by the shape, never by timing */
	enum rnf_precision precision; /* one that offers() has not refused */
	int64_t h, w, c; /* of x */
	int64_t k;       /* channels of y */
	int64_t groups;
	struct rnf_window window;
};

/* Memory that the tasks after this one read or write. */
struct rnf_range {
	const float *at;
	int64_t floats;
};

/* One call of a kernel: one image. A worker takes the images of a leaf in order,
 * one after another; sums over the batch begin anew with each leaf. */
struct rnf_kernel_io {
	const float *in[2];
	float *out;
	/* Of this worker: as many bytes as the kernel asked for, cache-line aligned.
	 * Other tasks use it too, so its contents are undefined. */
	float *scratch;
	float *leaf;    /* of this task in this worker: leaf_bytes */
	/* The image is the first of its leaf; the last. Reductions overwrite `out` at the
	 * first image and add to it after. What they hold back in `leaf` they add at the
	 * last image; or they write everything then: nobody reads `out` before. */
	int32_t first, last;
	/* Compute only this part of the image, of parts 0 .. parts-1; other workers
	 * compute the others at the same time. 0 of 1 unless the kernel takes parts. */
	int32_t part, parts;
	/* A kernel that computes much may prefetch these meanwhile: see below. */
	const struct rnf_range *ahead;
	int64_t n_ahead;
};

/* Prefetches io->ahead, a few cache lines at a time. */
struct rnf_prefetch {
	const struct rnf_range *range, *end;
	int64_t done, lines; /* floats of the range that are done; cache lines in one go */
};

/* Spread the prefetch over `times` calls; 0: no prefetch. [worker] */
static inline struct rnf_prefetch rnf_prefetch_begin(const struct rnf_kernel_io *io,
						     int64_t times)
{
	int64_t lines = 0;
	for (int64_t i = 0; i < io->n_ahead; i++)
		lines += (io->ahead[i].floats + 15) / 16;
	return (struct rnf_prefetch){ io->ahead, io->ahead + io->n_ahead, 0,
				      times ? (lines + times - 1) / times : 0 };
}

/* Prefetch some lines into L2, where they have time to arrive. [worker] */
static inline void rnf_prefetch_some(struct rnf_prefetch *p)
{
	for (int64_t i = 0; i < p->lines && p->range < p->end; i++) {
		__builtin_prefetch(p->range->at + p->done, 0, 2);
		p->done += 16;
		if (p->done < p->range->floats) continue;
		p->range++;
		p->done = 0;
	}
}

struct rnf_kernel {
	const char *name; /* as `plan` prints it */
	void (*run)(const void *state, const struct rnf_kernel_io *io); /* [worker] */
	const void *state; /* of the backend, from host->alloc */
	size_t scratch_bytes; /* whole floats, as leaf_bytes */
	/* Bytes kept for this task from the first to the last image of a leaf, while
	 * other tasks run in between. Cache-line aligned. */
	size_t leaf_bytes;
	/* The kernel's own form of the weights, made before a batch if they have changed:
	 * run() then gets packed[pack_floats], cache-line aligned, in place of `kernel`.
	 * Each call writes everything that run() reads; workers pack for several kernels
	 * at once. NULL: it reads the weights as they are. Not for CONV_BWD_WEIGHTS.
	 * [worker] */
	void (*pack)(const void *state, const float *weights, float *packed);
	size_t pack_floats;
	/* CONV_FWD can be split into any number of parts: each writes its own elements of
	 * `out`, together they write all, with the bits of an undivided run. The kernel
	 * chooses the split; a part may be empty. 0: it cannot. */
	int32_t takes_parts;
	/* Bit i: in[i] must be a bf16 tensor: the upper halves of floats, two of them in
	 * the space of one float, rounded to nearest, ties to even, denormals 0. 0 for
	 * weights, and for all shapes in FP32. */
	int32_t narrow_in;
};

/* The part's share of n consecutive items: from <= i < to. [worker] */
static inline void rnf_part_of(const struct rnf_kernel_io *io, int64_t n, int64_t *from,
			       int64_t *to)
{
	*from = n * io->part / io->parts;
	*to = n * (io->part + 1) / io->parts;
}

struct rnf_backend_impl {
	/* 0: cannot run on this machine; highest is "auto". [main] */
	int (*score)(void);
	/* *self is passed to the other functions: memory from host->alloc or a constant,
	 * since it is never closed. A failure has a message by host->fail. [main] */
	rnf_status (*open)(const struct rnf_host *, const void *conf, void **self);
	/* Refuse a precision other than FP32 that these kernels do not support here. The
	 * message says why, to follow `precision is "bf16", `. NULL: FP32 only. [main] */
	rnf_status (*offers)(void *self, const struct rnf_host *, enum rnf_precision);
	/* Fill *kernel, or return RNF_EUNSUP without a message: the core then uses its
	 * plain version, which is DIRECT and FP32; if the algorithm is WINOGRAD, that is
	 * an error. [main] */
	rnf_status (*conv)(void *self, const struct rnf_host *,
			   const struct rnf_conv_shape *, struct rnf_kernel *);
	/* Peak floating-point operations a second (a multiply-add is two) of one thread
	 * with these kernels' instructions in that precision, measured in some 10 ms; 0
	 * or no function: unknown. [main] */
	double (*peak)(void *self, enum rnf_precision);
};

#endif
