/* y = a / b, element by element, of images of one shape; da = dy / b, db = -dy a / b^2. Where b
 * is 0 the quotient is not finite, as C has it. */
#include <rnframe/vmath.h>

#include "op/builder.h"
#include "op/tape.h"

RNF_MULTIARCH
static void div_tile(int64_t n, const float *a, const float *b, float *y)
{
	for (int64_t i = 0; i < n; i++)
		y[i] = a[i] / b[i];
}

/* Divides twice: b^2 leaves the floats long before either quotient does. */
RNF_MULTIARCH
static void div_bwd_tile(int64_t n, const float *dy, const float *a, const float *b, float *db)
{
	for (int64_t i = 0; i < n; i++)
		db[i] = -(dy[i] / b[i]) * (a[i] / b[i]);
}

static void fwd(const struct rnf_tile_io *io)
{
	div_tile(io->pixels * io->c, io->in[0], io->in[1], io->out);
}

static void bwd(const struct rnf_tile_io *io)
{
	div_bwd_tile(io->pixels * io->c, io->in[0], io->in[1], io->in[2], io->out);
}

static const struct rnf_op_row bwd_row = {
	.name = "div_bwd", .words = "quotient", .class = RNF_CHAIN, .rows = 1,
	.in = { RNF_IS("dy", IMAGE), RNF_IS("a", TILE), RNF_IS("b", TILE) }, .tile = bwd,
};

static void gradient(struct rnf_tape *t, const struct rnf_op *op, int dy)
{
	const int a = op->in[0], b = op->in[1];
	rnf_tape_pass(t, op, a, op->row, (int[]){ dy, b }, 2);
	rnf_tape_pass(t, op, b, &bwd_row, (int[]){ dy, a, b }, 3);
}

static int32_t formula(const struct rnf_op *op, struct rnf_formula *f, const int32_t *in)
{
	(void)op;
	return f->apply(f, RNF_FN_DIV, in[0], in[1]);
}

static const struct rnf_op_row row = {
	.name = "div", .words = "quotient", .call = "div", .class = RNF_CHAIN, .keep = RNF_CHEAP,
	.in = { RNF_IS("a", IMAGE), RNF_IS("b", TILE) }, .rows = 1,
	.gradient = gradient, .tile = fwd,
	.formula = formula,
};

static rnf_val call(struct rnf_graph *g, rnf_val a, rnf_val b)
{
	return rnf_append_like(g, &(struct rnf_op){ .row = &row, .in = { a, b }, .n_in = 2 });
}

void rnf_primitive_div(struct rnf_graph *g)
{
	g->div = call;
}
