/* y = a + b. The backward pass uses it too, where gradients of one value meet. */
#include "op/builder.h"
#include "op/tape.h"
#include "op/tile.h"

static void fwd(const struct rnf_tile_io *io)
{
	rnf_add_tile(io->pixels * io->c, io->in[0], io->in[1], io->out);
}

static void gradient(struct rnf_tape *t, const struct rnf_op *op, int dy)
{
	rnf_tape_receive(t, op, op->in[0], dy);
	rnf_tape_receive(t, op, op->in[1], dy);
}

static int32_t formula(const struct rnf_op *op, struct rnf_formula *f, const int32_t *in)
{
	(void)op;
	return f->apply(f, RNF_FN_ADD, in[0], in[1]);
}

const struct rnf_op_row rnf_op_row_add = {
	.name = "add", .words = "sum", .call = "add", .class = RNF_CHAIN, .keep = RNF_CHEAP_SUM,
	.in = { RNF_IS("a", IMAGE), RNF_IS("b", TILE) }, .rows = 1,
	.gradient = gradient, .tile = fwd,
	.formula = formula,
};

static rnf_val call(struct rnf_graph *g, rnf_val a, rnf_val b)
{
	return rnf_append_like(g, &(struct rnf_op){ .row = &rnf_op_row_add, .in = { a, b },
						    .n_in = 2 });
}

void rnf_primitive_add(struct rnf_graph *g)
{
	g->add = call;
}
