/* Mean and maximum over windows of one image, NHWC. Only pixels inside the image count. The
 * loops take a vector of channels at a time, which stays in a register over the window's
 * pixels. */
#include <rnframe/vmath.h>

#include "op/builder.h"
#include "op/tape.h"

/* Load RNF_LANES channels, or n if there are fewer; the other lanes are 0. */
RNF_INLINE void get(int64_t n, const float *from, rnf_vec *v)
{
	*v = (rnf_vec){ 0 };
	if (n == RNF_LANES) *v = *(const rnf_vec *)from;
	else memcpy(v, from, (size_t)n * sizeof *from);
}

RNF_INLINE void put(int64_t n, const rnf_vec *v, float *to)
{
	if (n == RNF_LANES) *(rnf_vec *)to = *v;
	else memcpy(to, v, (size_t)n * sizeof *to);
}

/* to = v where the mask is set. */
RNF_INLINE void take(const rnf_mask *mask, const rnf_vec *v, rnf_vec *to)
{
	*to = (rnf_vec)((rnf_mask)RNF_WHERE(*mask, *v) | (rnf_mask)RNF_WHERE(~*mask, *to));
}

/* The part of a window that is inside the image. */
struct box {
	int64_t image, pooled; /* offsets of its first pixel, and of the window's result */
	int64_t rows, cols, row, col; /* floats from row to row, from pixel to pixel */
};

/* Channels i .. i + n of a window. `image` has the pixels' values, `pooled` the
 * windows', `out` is of either size. Inlined with n == RNF_LANES where all are there. */
typedef void at_window(const struct box *b, int64_t i, int64_t n, const float *image,
		       const float *pooled, float *out);

/* Rows (or columns) of the window that begins at `first`, of n: which one is the first inside,
 * and how many are. */
static int64_t inside(int64_t first, int64_t kernel, int64_t dilation, int64_t n, int64_t *from)
{
	const int64_t end = first + rnf_window_span(kernel, dilation), to = end < n ? end : n;
	for (*from = first; *from < 0; *from += dilation) {}
	return dilation == 1 ? to - *from : (to - *from + dilation - 1) / dilation;
}

static struct box box_of(const struct rnf_window *w, int64_t oy, int64_t ox,
			 int64_t h, int64_t wd, int64_t c)
{
	const int64_t d = w->dilation;
	int64_t y, x;
	const int64_t rows = inside(oy * w->stride - w->pad_top, w->kernel_h, d, h, &y);
	const int64_t cols = inside(ox * w->stride - w->pad_left, w->kernel_w, d, wd, &x);
	return (struct box){ .image = (y * wd + x) * c, .pooled = (oy * w->out_w + ox) * c,
			     .rows = rows, .cols = cols, .row = wd * c * d, .col = c * d };
}

RNF_INLINE void each_window(const struct rnf_window *w, int64_t h, int64_t wd, int64_t c,
			    at_window *f, const float *image, const float *pooled,
			    float *out)
{
	for (int64_t oy = 0; oy < w->out_h; oy++)
		for (int64_t ox = 0; ox < w->out_w; ox++) {
			const struct box b = box_of(w, oy, ox, h, wd, c);
			int64_t i = 0;
			for (; i + RNF_LANES <= c; i += RNF_LANES)
				f(&b, i, RNF_LANES, image, pooled, out);
			if (i < c) f(&b, i, c - i, image, pooled, out);
		}
}

RNF_INLINE void average(const struct box *b, int64_t i, int64_t n, const float *x,
			const float *unused, float *y)
{
	const float share = 1.0f / (float)(b->rows * b->cols);
	rnf_vec sum = { 0 }, v;
	(void)unused;
	for (int64_t row = 0; row < b->rows; row++)
		for (int64_t col = 0; col < b->cols; col++) {
			get(n, x + b->image + row * b->row + col * b->col + i, &v);
			sum += v;
		}
	sum *= share;
	put(n, &sum, y + b->pooled + i);
}

RNF_INLINE void average_bwd(const struct box *b, int64_t i, int64_t n, const float *unused,
			    const float *dy, float *dx)
{
	const float share = 1.0f / (float)(b->rows * b->cols);
	rnf_vec each, v;
	(void)unused;
	get(n, dy + b->pooled + i, &each);
	each *= share;
	for (int64_t row = 0; row < b->rows; row++)
		for (int64_t col = 0; col < b->cols; col++) {
			float *at = dx + b->image + row * b->row + col * b->col + i;
			get(n, at, &v);
			v += each;
			put(n, &v, at);
		}
}

/* NaN counts as a maximum. */
RNF_INLINE void find_largest(const struct box *b, int64_t i, int64_t n, const float *x,
			     rnf_vec *best)
{
	const float *first = x + b->image + i;
	get(n, first, best);
	for (int64_t row = 0; row < b->rows; row++)
		for (int64_t col = 0; col < b->cols; col++) {
			rnf_vec v;
			get(n, first + row * b->row + col * b->col, &v);
			const rnf_mask more = (v > *best) | (v != v);
			take(&more, &v, best);
		}
}

RNF_INLINE void largest(const struct box *b, int64_t i, int64_t n, const float *x,
			const float *unused, float *y)
{
	rnf_vec best;
	(void)unused;
	find_largest(b, i, n, x, &best);
	put(n, &best, y + b->pooled + i);
}

/* The first pixel that is the largest gets dy. */
RNF_INLINE void largest_bwd(const struct box *b, int64_t i, int64_t n, const float *x,
			    const float *dy, float *dx)
{
	rnf_vec best, left, v, d;
	find_largest(b, i, n, x, &best);
	get(n, dy + b->pooled + i, &left);
	for (int64_t row = 0; row < b->rows; row++)
		for (int64_t col = 0; col < b->cols; col++) {
			const int64_t at = b->image + row * b->row + col * b->col + i;
			get(n, x + at, &v);
			get(n, dx + at, &d);
			const rnf_mask is = (v == best) | ((v != v) & (best != best));
			d += RNF_WHERE(is, left);
			left = RNF_WHERE(~is, left);
			put(n, &d, dx + at);
		}
}

RNF_MULTIARCH
static void avgpool_fwd(const struct rnf_window *w, int64_t h, int64_t wd, int64_t c,
		     const float *x, float *y)
{
	each_window(w, h, wd, c, average, x, NULL, y);
}

RNF_MULTIARCH
static void avgpool_bwd(const struct rnf_window *w, int64_t h, int64_t wd, int64_t c,
		     const float *dy, float *dx)
{
	memset(dx, 0, (size_t)(h * wd * c) * sizeof *dx);
	each_window(w, h, wd, c, average_bwd, NULL, dy, dx);
}

RNF_MULTIARCH
static void maxpool_fwd(const struct rnf_window *w, int64_t h, int64_t wd, int64_t c,
		     const float *x, float *y)
{
	each_window(w, h, wd, c, largest, x, NULL, y);
}

RNF_MULTIARCH
static void maxpool_bwd(const struct rnf_window *w, int64_t h, int64_t wd, int64_t c,
		     const float *x, const float *dy, float *dx)
{
	memset(dx, 0, (size_t)(h * wd * c) * sizeof *dx);
	each_window(w, h, wd, c, largest_bwd, x, dy, dx);
}

/* -- as ops -- */

static void avg(const struct rnf_image_io *io)
{
	const struct rnf_value *x = io->x[0];
	avgpool_fwd(&io->op->window, x->h, x->w, x->c, io->in[0], io->out);
}

static void avg_bwd(const struct rnf_image_io *io)
{
	const struct rnf_value *x = io->y;
	avgpool_bwd(&io->op->window, x->h, x->w, x->c, io->in[0], io->out);
}

static void max(const struct rnf_image_io *io)
{
	const struct rnf_value *x = io->x[0];
	maxpool_fwd(&io->op->window, x->h, x->w, x->c, io->in[0], io->out);
}

/* The gradient goes to the first maximum of each window, found again in x. */
static void max_bwd(const struct rnf_image_io *io)
{
	const struct rnf_value *x = io->y;
	maxpool_bwd(&io->op->window, x->h, x->w, x->c, io->in[0], io->in[1], io->out);
}

static const struct rnf_op_row avg_bwd_row = {
	.name = "avgpool_bwd", .words = "average pool", .class = RNF_HEAVY,
	.in = { RNF_IS("dy", IMAGE) }, .rows = 1, .image = avg_bwd,
};
static const struct rnf_op_row max_bwd_row = {
	.name = "maxpool_bwd", .words = "maximum pool", .class = RNF_HEAVY,
	.in = { RNF_IS("x", IMAGE), RNF_IS("dy", IMAGE) }, .rows = 1, .image = max_bwd,
};

static void avg_gradient(struct rnf_tape *t, const struct rnf_op *op, int dy)
{
	const int x = op->in[0];
	rnf_tape_receive(t, op, x, rnf_tape_append_like(t, op, &avg_bwd_row, &dy, 1, x));
}

static void max_gradient(struct rnf_tape *t, const struct rnf_op *op, int dy)
{
	const int x = op->in[0];
	rnf_tape_receive(t, op, x, rnf_tape_append_like(t, op, &max_bwd_row,
							(int[]){ x, dy }, 2, x));
}

static const struct rnf_op_row avg_row = {
	.name = "avgpool", .words = "average pool", .call = "avgpool", .class = RNF_HEAVY,
	.in = { RNF_IS("x", IMAGE) }, .has_window = 1, .rows = 1, .gradient = avg_gradient,
	.image = avg,
};
static const struct rnf_op_row max_row = {
	.name = "maxpool", .words = "maximum pool", .call = "maxpool", .class = RNF_HEAVY,
	.in = { RNF_IS("x", IMAGE) }, .has_window = 1, .rows = 1, .gradient = max_gradient,
	.image = max,
};

static rnf_val pool(struct rnf_graph *g, const struct rnf_op_row *row, rnf_val x,
		    const struct rnf_window *window)
{
	return rnf_append_window(g, &(struct rnf_op){ .row = row, .in = { x }, .n_in = 1 }, window,
				 rnf_shape_of(g, x).c);
}

static rnf_val avgpool(struct rnf_graph *g, rnf_val x, const struct rnf_window *w)
{
	return pool(g, &avg_row, x, w);
}

static rnf_val maxpool(struct rnf_graph *g, rnf_val x, const struct rnf_window *w)
{
	return pool(g, &max_row, x, w);
}

/* Maximum over the whole image. */
static rnf_val global_maxpool(struct rnf_graph *g, rnf_val x)
{
	const struct rnf_value v = rnf_shape_of(g, x);
	return maxpool(g, x, &(struct rnf_window){
		.kernel_h = v.h, .kernel_w = v.w, .stride = 1, .out_h = 1, .out_w = 1 });
}

void rnf_primitive_pool(struct rnf_graph *g)
{
	g->avgpool = avgpool;
	g->maxpool = maxpool;
	g->global_maxpool = global_maxpool;
}
