/* A border of the image's own pixels (rnf_border), which windows that reach over the edge
 * read: y (top + h + bottom, left + w + right, c). In the gradient each pixel gets what all of
 * its copies received. Windows with such a border are lowered to it and to windows that stay
 * inside: so kernels know of zeros alone. */
#include <string.h>

#include "op/builder.h"
#include "op/tape.h"
#include "op/tile.h"

/* Which pixel of 0 .. n - 1 stands at i. */
static int64_t source(int32_t border, int64_t i, int64_t n)
{
	if (i >= 0 && i < n) return i;
	if (border == RNF_BORDER_EDGE) return i < 0 ? 0 : n - 1;
	return i < 0 ? -i : 2 * (n - 1) - i;
}

/* The same n floats of x and of y. */
struct run {
	int64_t x, y, n;
};
typedef void at_run(struct run r, const float *from, float *to);

/* The image's own part of a row is one run, each pixel beside it another. */
static void each_run(const struct rnf_window *w, const struct rnf_value *x,
		     const struct rnf_value *y, at_run *f, const float *from, float *to)
{
	for (int64_t row = 0; row < y->h; row++) {
		const int64_t at = source(w->border, row - w->pad_top, x->h) * x->w;
		for (int64_t col = 0, n; col < y->w; col += n) {
			const int64_t i = col - w->pad_left;
			n = i == 0 ? x->w : 1;
			f((struct run){ .x = (at + source(w->border, i, x->w)) * x->c,
					.y = (row * y->w + col) * x->c, .n = n * x->c }, from, to);
		}
	}
}

static void copy(struct run r, const float *from, float *to)
{
	memcpy(to + r.y, from + r.x, (size_t)r.n * sizeof *to);
}

static void fold(struct run r, const float *from, float *to)
{
	rnf_add_tile(r.n, to + r.x, from + r.y, to + r.x);
}

static void fwd(const struct rnf_image_io *io)
{
	each_run(&io->op->window, io->x[0], io->y, copy, io->in[0], io->out);
}

static void bwd(const struct rnf_image_io *io)
{
	memset(io->out, 0, (size_t)rnf_value_size(io->y) * sizeof *io->out);
	each_run(&io->op->window, io->y, io->x[0], fold, io->in[0], io->out);
}

static const struct rnf_op_row bwd_row = {
	.name = "border_bwd", .words = "border", .class = RNF_HEAVY,
	.in = { RNF_IS("dy", IMAGE) }, .rows = 1, .image = bwd,
};

static void gradient(struct rnf_tape *t, const struct rnf_op *op, int dy)
{
	const int x = op->in[0];
	rnf_tape_receive(t, op, x, rnf_tape_append_like(t, op, &bwd_row, &dy, 1, x));
}

static const struct rnf_op_row row = {
	.name = "border", .words = "border", .call = "border", .class = RNF_HEAVY,
	.keep = RNF_CHEAP, .in = { RNF_IS("x", IMAGE) }, .rows = 1, .gradient = gradient,
	.image = fwd,
};

/* -- windows -- */

/* Pixels behind the last of n that windows read. */
static int64_t behind(int64_t n, int64_t out, int64_t stride, int64_t span, int64_t before)
{
	const int64_t over = (out - 1) * stride + span - before - n;
	return over > 0 ? over : 0;
}

/* A reflection has all pixels but the one that it begins at. */
static rnf_val check_reach(struct rnf_graph *g, int64_t before, int64_t after, int64_t n,
			   const char *pixels)
{
	const int64_t most = before > after ? before : after;
	if (most < n) return 0;
	return g->fail(g, "border is \"reflect\": the windows reach %lld %s over the edge, must be "
		       "at most %lld where the input has %lld", (long long)most, pixels,
		       (long long)n - 1, (long long)n);
}

/* x with the border that *w reads, which then stays inside; x itself if it does already. */
static rnf_val surround(struct rnf_graph *g, rnf_val x, struct rnf_window *w)
{
	const struct rnf_value v = rnf_shape_of(g, x);
	const struct rnf_window from = *w;
	const int64_t bottom = behind(v.h, w->out_h, w->stride,
				      rnf_window_span(w->kernel_h, w->dilation), w->pad_top);
	const int64_t right = behind(v.w, w->out_w, w->stride,
				     rnf_window_span(w->kernel_w, w->dilation), w->pad_left);
	if (from.border == RNF_BORDER_REFLECT &&
	    (check_reach(g, from.pad_top, bottom, v.h, "rows") < 0 ||
	     check_reach(g, from.pad_left, right, v.w, "columns") < 0))
		return -1;
	w->border = RNF_BORDER_ZERO;
	w->pad_top = w->pad_left = 0;
	if (from.pad_top + bottom + from.pad_left + right == 0) return x;
	return rnf_append(g, &(struct rnf_op){ .row = &row, .in = { x }, .n_in = 1,
					       .window = from },
			  from.pad_top + v.h + bottom, from.pad_left + v.w + right, v.c);
}

rnf_val rnf_append_window(struct rnf_graph *g, const struct rnf_op *op,
			  const struct rnf_window *window, int64_t c)
{
	struct rnf_op made = *op;
	struct rnf_window *w = &made.window;
	if (!window) return rnf_builder_broken(g, "%s: its window is NULL", op->row->call);
	*w = *window;
	if (w->dilation == 0) w->dilation = 1;
	if (w->border != RNF_BORDER_ZERO) {
		if (rnf_roles_check(g, &made, c) < 0) return -1;
		made.in[0] = surround(g, made.in[0], w);
		if (made.in[0] < 0) return -1;
	}
	return rnf_append(g, &made, w->out_h, w->out_w, c);
}
