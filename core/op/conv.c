/* Convolution. Backends have kernels for it. Here are the row and plain loops: the readable
 * oracle, which also runs where a backend has no kernel (grouped convs with OpenBLAS).
 *
 * For output channel o and input channel j of its group (d = c / groups of them)
 * the products of a tap are lanes: x[group(o) d + j] w[tap][j][o]. A dense conv
 * has one group and broadcasts x; a grouped one first spreads each pixel to d
 * vectors of k lanes, so that all k channels are computed side by side. */
#include <string.h>

#include <rnframe/vmath.h>
#include "base/arena.h"
#include "op/builder.h"
#include "op/tape.h"

/* y[k] += a x[k] */
RNF_MULTIARCH
static void add_scaled(int64_t k, float a, const float *restrict x,
		       float *restrict y)
{
	for (int64_t o = 0; o < k; o++)
		y[o] += a * x[o];
}

/* y[n] += a[n] b[n] */
RNF_MULTIARCH
static void add_product(int64_t n, const float *restrict a,
			const float *restrict b, float *restrict y)
{
	for (int64_t o = 0; o < n; o++)
		y[o] += a[o] * b[o];
}

/* turned[taps][k][c] from kernel[taps][c][k]: dx is summed over k with all c input
 * channels side by side. */
static void turn(const struct rnf_conv_shape *s, const float *kernel, float *turned)
{
	const int64_t taps = s->window.kernel_h * s->window.kernel_w;
	for (int64_t t = 0; t < taps; t++, kernel += s->c * s->k)
		for (int64_t o = 0; o < s->k; o++)
			for (int64_t j = 0; j < s->c; j++)
				*turned++ = kernel[j * s->k + o];
}

/* lanes[pixels][d][k] from x[pixels][c] */
static void spread(const struct rnf_conv_shape *s, const float *x, float *lanes)
{
	const int64_t d = s->c / s->groups, per = s->k / s->groups;
	for (int64_t p = 0; p < s->h * s->w; p++, x += s->c)
		for (int64_t j = 0; j < d; j++)
			for (int64_t g = 0; g < s->groups; g++)
				for (int64_t i = 0; i < per; i++)
					*lanes++ = x[g * d + j];
}

/* dx[pixels][c] from the sums of lanes[pixels][d][k] over each group */
static void gather(const struct rnf_conv_shape *s, const float *lanes, float *dx)
{
	const int64_t d = s->c / s->groups, per = s->k / s->groups;
	for (int64_t p = 0; p < s->h * s->w; p++, dx += s->c)
		for (int64_t j = 0; j < d; j++)
			for (int64_t g = 0; g < s->groups; g++) {
				float sum = 0;
				for (int64_t i = 0; i < per; i++)
					sum += *lanes++;
				dx[g * d + j] = sum;
			}
}

/* One tap of one output pixel, for each pass. */
struct tap {
	int64_t in;     /* input pixel */
	int64_t out;    /* output pixel */
	int64_t kernel; /* tap of the kernel */
};

typedef void (*tap_fn)(const struct rnf_conv_shape *, struct tap,
		       const float *a, const float *b, float *to);

/* Visits every output pixel and every tap of it inside the image: the zeros of the padding
 * are skipped, not multiplied. */
static void each_tap(const struct rnf_conv_shape *s, tap_fn run, const float *a,
		     const float *b, float *to)
{
	const struct rnf_window *w = &s->window;
	const int64_t d = w->dilation;
	for (int64_t oy = 0; oy < w->out_h; oy++)
		for (int64_t ox = 0; ox < w->out_w; ox++)
			for (int64_t ky = 0; ky < w->kernel_h; ky++) {
				const int64_t y = oy * w->stride + ky * d - w->pad_top;
				if (y < 0 || y >= s->h) continue;
				for (int64_t kx = 0; kx < w->kernel_w; kx++) {
					const int64_t x = ox * w->stride + kx * d -
							  w->pad_left;
					if (x < 0 || x >= s->w) continue;
					run(s, (struct tap){
						y * s->w + x,
						oy * w->out_w + ox,
						ky * w->kernel_w + kx }, a, b, to);
				}
			}
}

/* a: x, b: kernel, to: y */
static void fwd_dense(const struct rnf_conv_shape *s, struct tap t,
		      const float *a, const float *b, float *to)
{
	for (int64_t j = 0; j < s->c; j++)
		add_scaled(s->k, a[t.in * s->c + j],
			   b + (t.kernel * s->c + j) * s->k, to + t.out * s->k);
}

/* a: dy, b: turned kernel, to: dx */
static void bwd_data_dense(const struct rnf_conv_shape *s, struct tap t,
			   const float *a, const float *b, float *to)
{
	for (int64_t o = 0; o < s->k; o++)
		add_scaled(s->c, a[t.out * s->k + o],
			   b + (t.kernel * s->k + o) * s->c, to + t.in * s->c);
}

/* a: x, b: dy, to: dkernel */
static void bwd_weights_dense(const struct rnf_conv_shape *s, struct tap t,
			      const float *a, const float *b, float *to)
{
	for (int64_t j = 0; j < s->c; j++)
		add_scaled(s->k, a[t.in * s->c + j], b + t.out * s->k,
			   to + (t.kernel * s->c + j) * s->k);
}

/* a: lanes of x, b: kernel, to: y */
static void fwd_grouped(const struct rnf_conv_shape *s, struct tap t,
			const float *a, const float *b, float *to)
{
	const int64_t d = s->c / s->groups;
	for (int64_t j = 0; j < d; j++)
		add_product(s->k, a + (t.in * d + j) * s->k,
			    b + (t.kernel * d + j) * s->k, to + t.out * s->k);
}

/* a: dy, b: kernel, to: lanes of dx */
static void bwd_data_grouped(const struct rnf_conv_shape *s, struct tap t,
			     const float *a, const float *b, float *to)
{
	const int64_t d = s->c / s->groups;
	for (int64_t j = 0; j < d; j++)
		add_product(s->k, a + t.out * s->k, b + (t.kernel * d + j) * s->k,
			    to + (t.in * d + j) * s->k);
}

/* a: lanes of x, b: dy, to: dkernel */
static void bwd_weights_grouped(const struct rnf_conv_shape *s, struct tap t,
				const float *a, const float *b, float *to)
{
	const int64_t d = s->c / s->groups;
	for (int64_t j = 0; j < d; j++)
		add_product(s->k, a + (t.in * d + j) * s->k, b + t.out * s->k,
			    to + (t.kernel * d + j) * s->k);
}

static void fwd(const void *state, const struct rnf_kernel_io *io)
{
	const struct rnf_conv_shape *s = state;
	memset(io->out, 0, (size_t)(s->window.out_h * s->window.out_w * s->k) *
				   sizeof(float));
	if (s->groups == 1) {
		each_tap(s, fwd_dense, io->in[0], io->in[1], io->out);
		return;
	}
	spread(s, io->in[0], io->scratch);
	each_tap(s, fwd_grouped, io->scratch, io->in[1], io->out);
}

static void bwd_data(const void *state, const struct rnf_kernel_io *io)
{
	const struct rnf_conv_shape *s = state;
	const int64_t pixels = s->h * s->w;
	if (s->groups == 1) {
		memset(io->out, 0, (size_t)(pixels * s->c) * sizeof(float));
		turn(s, io->in[1], io->scratch);
		each_tap(s, bwd_data_dense, io->in[0], io->scratch, io->out);
		return;
	}
	memset(io->scratch, 0,
	       (size_t)(pixels * s->c / s->groups * s->k) * sizeof(float));
	each_tap(s, bwd_data_grouped, io->in[0], io->in[1], io->scratch);
	gather(s, io->scratch, io->out);
}

static void bwd_weights(const void *state, const struct rnf_kernel_io *io)
{
	const struct rnf_conv_shape *s = state;
	const int64_t taps = s->window.kernel_h * s->window.kernel_w;
	if (io->first)
		memset(io->out, 0, (size_t)(taps * s->c / s->groups * s->k) *
					   sizeof(float));
	if (s->groups == 1) {
		each_tap(s, bwd_weights_dense, io->in[0], io->in[1], io->out);
		return;
	}
	spread(s, io->in[0], io->scratch);
	each_tap(s, bwd_weights_grouped, io->scratch, io->in[1], io->out);
}

/* Floats of scratch: lanes of a grouped conv, the turned kernel of a dense one. */
static int64_t scratch_floats(const struct rnf_conv_shape *s)
{
	if (s->groups > 1) return s->h * s->w * s->c / s->groups * s->k;
	if (s->kind != RNF_CONV_BWD_DATA) return 0;
	return s->window.kernel_h * s->window.kernel_w * s->c * s->k;
}

static rnf_status plain(const struct rnf_conv_shape *shape,
			  struct rnf_kernel *kernel)
{
	static void (*const runs[])(const void *, const struct rnf_kernel_io *) = {
		[RNF_CONV_FWD] = fwd,
		[RNF_CONV_BWD_DATA] = bwd_data,
		[RNF_CONV_BWD_WEIGHTS] = bwd_weights,
	};
	struct rnf_conv_shape *state = rnf_alloc(sizeof *state);
	*state = *shape;
	*kernel = (struct rnf_kernel){
		.name = "plain", .run = runs[shape->kind], .state = state,
		.scratch_bytes = (size_t)scratch_floats(shape) * sizeof(float) };
	return RNF_OK;
}

/* -- as ops -- */

/* Of a conv from x to y. */
static void shape_between(const struct rnf_program *p, const struct rnf_op *op, int x, int y,
			  struct rnf_conv_shape *shape)
{
	const struct rnf_value *in = &p->values[x];
	*shape = (struct rnf_conv_shape){
		.kind = shape->kind, .algorithm = op->algorithm, .precision = p->precision,
		.h = in->h, .w = in->w, .c = in->c, .k = p->values[y].c,
		.groups = op->groups, .window = op->window };
}

static void fwd_shape(const struct rnf_program *p, const struct rnf_op *op,
		      struct rnf_conv_shape *shape)
{
	shape->kind = RNF_CONV_FWD;
	shape_between(p, op, op->in[0], op->out, shape);
}

static void bwd_data_shape(const struct rnf_program *p, const struct rnf_op *op,
			   struct rnf_conv_shape *shape)
{
	shape->kind = RNF_CONV_BWD_DATA;
	shape_between(p, op, op->out, op->in[0], shape);
}

static void bwd_weights_shape(const struct rnf_program *p, const struct rnf_op *op,
			      struct rnf_conv_shape *shape)
{
	shape->kind = RNF_CONV_BWD_WEIGHTS;
	shape_between(p, op, op->in[0], op->in[1], shape);
}

/* Each output is a sum over the taps and the channels of its group. */
static int64_t macs(const struct rnf_program *p, const struct rnf_op *op)
{
	struct rnf_conv_shape s;
	op->row->conv(p, op, &s);
	return s.window.out_h * s.window.out_w * s.k * s.window.kernel_h * s.window.kernel_w *
	       s.c / s.groups;
}

static const struct rnf_op_row bwd_data_row = {
	.name = "conv_bwd_data", .words = "conv's input", .class = RNF_HEAVY, .rows = 1,
	.in = { RNF_IS("dy", IMAGE), RNF_IS("kernel", KERNEL) },
	.macs = macs, .conv = bwd_data_shape, .plain = plain,
};
static const struct rnf_op_row bwd_weights_row = {
	.name = "conv_bwd_weights", .words = "conv's kernel", .class = RNF_HEAVY_REDUCE,
	.in = { RNF_IS("x", IMAGE), RNF_IS("dy", IMAGE) }, .rows = 1,
	.macs = macs, .conv = bwd_weights_shape, .plain = plain,
};

static void gradient(struct rnf_tape *t, const struct rnf_op *op, int dy)
{
	const int x = op->in[0], w = op->in[1];
	rnf_tape_pass(t, op, x, &bwd_data_row, (int[]){ dy, w }, 2);
	if (rnf_tape_value(t, w).needs_grad)
		rnf_tape_receive_weight(t, w, rnf_tape_append_like(t, op, &bwd_weights_row,
								   (int[]){ x, dy }, 2, w), 0);
}

static int is_winograd(const struct rnf_op *op)
{
	const struct rnf_window *w = &op->window;
	return w->kernel_h == 3 && w->kernel_w == 3 && w->stride == 1 && w->dilation == 1 &&
	       op->groups == 1;
}

static rnf_val check(const struct rnf_use *u)
{
	const struct rnf_op *op = u->op;
	const int64_t c = rnf_use_operand(u, 0)->c;
	if (op->groups < 1 || c % op->groups || u->c % op->groups)
		return rnf_builder_broken(u->graph, "conv2d: groups is %lld, must divide both "
					  "the %lld channels of x and the %lld of the kernel",
					  (long long)op->groups, (long long)c, (long long)u->c);
	if (op->algorithm < RNF_ALGORITHM_AUTO || op->algorithm > RNF_ALGORITHM_WINOGRAD)
		return rnf_builder_broken(u->graph, "conv2d: algorithm is %d, must be %d .. %d",
					  (int)op->algorithm, RNF_ALGORITHM_AUTO,
					  RNF_ALGORITHM_WINOGRAD);
	if (op->algorithm == RNF_ALGORITHM_WINOGRAD && !is_winograd(op))
		return rnf_builder_broken(u->graph, "conv2d: the algorithm winograd is for "
					  "dense 3 x 3 kernels of stride 1 and dilation 1");
	return 0;
}

static const struct rnf_op_row row = {
	.name = "conv", .words = "conv", .call = "conv2d", .class = RNF_HEAVY,
	.in = { RNF_IS("x", IMAGE), RNF_IS("kernel", KERNEL) }, .has_window = 1, .rows = 1,
	.check = check, .gradient = gradient, .macs = macs, .conv = fwd_shape, .plain = plain,
};

static rnf_val call(struct rnf_graph *g, rnf_val x, rnf_val kernel,
		    const struct rnf_window *window, int64_t groups,
		    enum rnf_algorithm algorithm)
{
	if (groups < 1)
		return rnf_builder_broken(g, "conv2d: groups is %lld, must be 1 or more",
					  (long long)groups);
	return rnf_append_window(g, &(struct rnf_op){ .row = &row, .in = { x, kernel }, .n_in = 2,
						      .groups = groups,
						      .algorithm = algorithm },
				 window, rnf_made_by(g, kernel));
}

void rnf_primitive_conv(struct rnf_graph *g)
{
	g->conv2d = call;
}
