/* Matrix product of one image: y[.., k] = sum_c x[.., c] w[c][k], x of any (h, w). */
#include <string.h>

#include "op/builder.h"
#include "op/tape.h"

/* x [pixels][c], w [c][k], y [pixels][k] */
static void product(int64_t pixels, int64_t c, int64_t k, const float *x, const float *w,
		    float *y)
{
	memset(y, 0, (size_t)(pixels * k) * sizeof *y);
	for (int64_t p = 0; p < pixels; p++)
		for (int64_t i = 0; i < c; i++)
			for (int64_t o = 0; o < k; o++)
				y[p * k + o] += x[p * c + i] * w[i * k + o];
}

/* dx [pixels][c] = dy w^T */
static void product_of_rows(int64_t pixels, int64_t c, int64_t k, const float *dy,
			    const float *w, float *dx)
{
	for (int64_t p = 0; p < pixels; p++)
		for (int64_t i = 0; i < c; i++) {
			float sum = 0;
			for (int64_t o = 0; o < k; o++)
				sum += dy[p * k + o] * w[i * k + o];
			dx[p * c + i] = sum;
		}
}

/* dw [c][k] += x^T dy */
static void product_of_columns(int64_t pixels, int64_t c, int64_t k, const float *x,
			       const float *dy, float *dw)
{
	for (int64_t p = 0; p < pixels; p++)
		for (int64_t i = 0; i < c; i++)
			for (int64_t o = 0; o < k; o++)
				dw[i * k + o] += x[p * c + i] * dy[p * k + o];
}

static void fwd(const struct rnf_image_io *io)
{
	const struct rnf_value *x = io->x[0];
	product(x->h * x->w, x->c, io->y->c, io->in[0], io->in[1], io->out);
}

static void bwd_data(const struct rnf_image_io *io)
{
	const struct rnf_value *dy = io->x[0];
	product_of_rows(dy->h * dy->w, io->y->c, dy->c, io->in[0], io->in[1], io->out);
}

static void bwd_weights(const struct rnf_image_io *io)
{
	const struct rnf_value *x = io->x[0], *dy = io->x[1];
	if (io->first) memset(io->out, 0, (size_t)(x->c * dy->c) * sizeof *io->out);
	product_of_columns(x->h * x->w, x->c, dy->c, io->in[0], io->in[1], io->out);
}

/* Multiply-adds, forward or to the input. */
static int64_t macs(const struct rnf_program *p, const struct rnf_op *op)
{
	return rnf_value_size(&p->values[op->in[0]]) * p->values[op->out].c;
}

static int64_t macs_weights(const struct rnf_program *p, const struct rnf_op *op)
{
	return rnf_value_size(&p->values[op->in[0]]) * p->values[op->in[1]].c;
}

static const struct rnf_op_row bwd_data_row = {
	.name = "matmul_bwd_data", .words = "product's input", .class = RNF_HEAVY, .rows = 1,
	.in = { RNF_IS("dy", IMAGE), RNF_IS("w", MATRIX) }, .macs = macs, .image = bwd_data,
};
static const struct rnf_op_row bwd_weights_row = {
	.name = "matmul_bwd_weights", .words = "product's kernel", .class = RNF_HEAVY_REDUCE,
	.in = { RNF_IS("x", IMAGE), RNF_IS("dy", PLANE) }, .rows = 1, .macs = macs_weights,
	.image = bwd_weights,
};

static void gradient(struct rnf_tape *t, const struct rnf_op *op, int dy)
{
	const int x = op->in[0], w = op->in[1];
	rnf_tape_pass(t, op, x, &bwd_data_row, (int[]){ dy, w }, 2);
	if (rnf_tape_value(t, w).needs_grad)
		rnf_tape_receive_weight(t, w, rnf_tape_append_like(t, op, &bwd_weights_row,
								   (int[]){ x, dy }, 2, w), 0);
}

static const struct rnf_op_row row = {
	.name = "matmul", .words = "product", .call = "matmul", .class = RNF_HEAVY,
	.in = { RNF_IS("x", IMAGE), RNF_IS("w", MATRIX) }, .rows = 1,
	.gradient = gradient, .macs = macs, .image = fwd,
};

static rnf_val call(struct rnf_graph *g, rnf_val x, rnf_val w)
{
	const struct rnf_value v = rnf_shape_of(g, x);
	return rnf_append(g, &(struct rnf_op){ .row = &row, .in = { x, w }, .n_in = 2 }, v.h, v.w,
			  rnf_made_by(g, w));
}

void rnf_primitive_matmul(struct rnf_graph *g)
{
	g->matmul = call;
}
