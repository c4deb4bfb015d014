/* y = a - b, of images of one shape; da = dy, db = -dy. */
#include <rnframe/vmath.h>

#include "op/builder.h"
#include "op/tape.h"

RNF_MULTIARCH
static void sub_tile(int64_t n, const float *a, const float *b, float *y)
{
	for (int64_t i = 0; i < n; i++)
		y[i] = a[i] - b[i];
}

RNF_MULTIARCH
static void negate_tile(int64_t n, const float *x, float *y)
{
	for (int64_t i = 0; i < n; i++)
		y[i] = -x[i];
}

static void fwd(const struct rnf_tile_io *io)
{
	sub_tile(io->pixels * io->c, io->in[0], io->in[1], io->out);
}

static void negate(const struct rnf_tile_io *io)
{
	negate_tile(io->pixels * io->c, io->in[0], io->out);
}

static const struct rnf_op_row negate_row = {
	.name = "negate", .words = "difference", .class = RNF_CHAIN,
	.in = { RNF_IS("dy", IMAGE) }, .rows = 1, .tile = negate,
};

static void gradient(struct rnf_tape *t, const struct rnf_op *op, int dy)
{
	rnf_tape_receive(t, op, op->in[0], dy);
	rnf_tape_pass(t, op, op->in[1], &negate_row, &dy, 1);
}

static int32_t formula(const struct rnf_op *op, struct rnf_formula *f, const int32_t *in)
{
	(void)op;
	return f->apply(f, RNF_FN_SUB, in[0], in[1]);
}

static const struct rnf_op_row row = {
	.name = "sub", .words = "difference", .call = "sub", .class = RNF_CHAIN,
	.keep = RNF_CHEAP_SUM, .in = { RNF_IS("a", IMAGE), RNF_IS("b", TILE) }, .rows = 1,
	.gradient = gradient, .tile = fwd,
	.formula = formula,
};

static rnf_val call(struct rnf_graph *g, rnf_val a, rnf_val b)
{
	return rnf_append_like(g, &(struct rnf_op){ .row = &row, .in = { a, b }, .n_in = 2 });
}

void rnf_primitive_sub(struct rnf_graph *g)
{
	g->sub = call;
}
