/* y = a b, element by element, of images of one shape; da = dy b, db = dy a. */
#include <rnframe/vmath.h>

#include "op/builder.h"
#include "op/tape.h"

RNF_MULTIARCH
static void mul_tile(int64_t n, const float *a, const float *b, float *y)
{
	for (int64_t i = 0; i < n; i++)
		y[i] = a[i] * b[i];
}

static void fwd(const struct rnf_tile_io *io)
{
	mul_tile(io->pixels * io->c, io->in[0], io->in[1], io->out);
}

/* dy times the other factor: the same op. */
static void gradient(struct rnf_tape *t, const struct rnf_op *op, int dy)
{
	const int a = op->in[0], b = op->in[1];
	rnf_tape_pass(t, op, a, op->row, (int[]){ dy, b }, 2);
	rnf_tape_pass(t, op, b, op->row, (int[]){ dy, a }, 2);
}

static int32_t formula(const struct rnf_op *op, struct rnf_formula *f, const int32_t *in)
{
	(void)op;
	return f->apply(f, RNF_FN_MUL, in[0], in[1]);
}

static const struct rnf_op_row row = {
	.name = "mul", .words = "product", .call = "mul", .class = RNF_CHAIN, .keep = RNF_CHEAP,
	.in = { RNF_IS("a", IMAGE), RNF_IS("b", TILE) }, .rows = 1,
	.gradient = gradient, .tile = fwd,
	.formula = formula,
};

static rnf_val call(struct rnf_graph *g, rnf_val a, rnf_val b)
{
	return rnf_append_like(g, &(struct rnf_op){ .row = &row, .in = { a, b }, .n_in = 2 });
}

void rnf_primitive_mul(struct rnf_graph *g)
{
	g->mul = call;
}
