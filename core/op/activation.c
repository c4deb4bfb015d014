/* y = f(x), f of a plugin. The gradient reads x again, so that both can run in one call.
 * Random activations draw from the key of their layer's place. */
#include "op/builder.h"
#include "op/tape.h"

static struct rnf_tile place(const struct rnf_tile_io *io)
{
	return (struct rnf_tile){ .size = sizeof(struct rnf_tile), .key = io->key ^ io->op->node,
				  .sample = io->sample,
				  .offset = (uint64_t)(io->first * io->c),
				  .pixels = io->pixels, .channels = io->c,
				  .training = io->training && !io->op->frozen };
}

static void fwd(const struct rnf_tile_io *io)
{
	const struct rnf_op *op = io->op;
	const struct rnf_tile tile = place(io);
	op->act->fwd(op->self, &tile, (size_t)(io->pixels * io->c), io->in[0], io->out);
}

static void bwd(const struct rnf_tile_io *io)
{
	const struct rnf_op *op = io->op;
	const struct rnf_tile tile = place(io);
	op->act->bwd(op->self, &tile, (size_t)(io->pixels * io->c), io->in[0], io->in[1],
		     io->out);
}

static void both(const struct rnf_tile_io *io)
{
	const struct rnf_op *op = io->op;
	const struct rnf_tile tile = place(io);
	const size_t n = (size_t)(io->pixels * io->c);
	if (op->act->fwd_bwd) {
		op->act->fwd_bwd(op->self, &tile, n, io->in[0], io->in[1], io->forward, io->out);
	} else {
		op->act->fwd(op->self, &tile, n, io->in[0], io->forward);
		op->act->bwd(op->self, &tile, n, io->in[0], io->in[1], io->out);
	}
}

static const struct rnf_op_row row;
static const struct rnf_op_row bwd_row = {
	.name = "act_bwd", .words = "activation", .class = RNF_CHAIN, .rows = 1,
	.in = { RNF_IS("x", IMAGE), RNF_IS("dy", TILE) }, .tile = bwd,
	.partner = &row, .both = both, .both_name = "act_fwd_bwd",
};

static void gradient(struct rnf_tape *t, const struct rnf_op *op, int dy)
{
	const int x = op->in[0];
	rnf_tape_receive(t, op, x, rnf_tape_append_like(t, op, &bwd_row, (int[]){ x, dy }, 2, x));
}

static rnf_val check(const struct rnf_use *u)
{
	const struct rnf_activation_impl *act = u->op->act;
	if (act && act->fwd && act->bwd) return 0;
	return rnf_builder_broken(u->graph, "pointwise: %s, must be an activation with fwd and "
				  "bwd", !act ? "impl is NULL" : !act->fwd ? "fwd is NULL"
									   : "bwd is NULL");
}

static int32_t formula(const struct rnf_op *op, struct rnf_formula *f, const int32_t *in)
{
	return op->act->formula ? op->act->formula(op->self, f, in[0]) : -1;
}

static const struct rnf_op_row row = {
	.name = "act", .words = "activation", .call = "pointwise", .class = RNF_CHAIN,
	.keep = RNF_CHEAP, .in = { RNF_IS("x", IMAGE) }, .rows = 1,
	.check = check, .gradient = gradient, .formula = formula, .tile = fwd,
};

static rnf_val call(struct rnf_graph *g, rnf_val x, const struct rnf_activation_impl *impl,
		    const void *self)
{
	return rnf_append_like(g, &(struct rnf_op){ .row = &row, .in = { x }, .n_in = 1,
		.act = impl, .self = self, .node = rnf_builder_key(g) });
}

void rnf_primitive_activation(struct rnf_graph *g)
{
	g->pointwise = call;
}
