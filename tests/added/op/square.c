/* y = x x, element by element; dx = dy x + dy x, as mul(x, x) has it. */
#include "op/builder.h"
#include "op/tape.h"

static void fwd(const struct rnf_tile_io *io)
{
	for (int64_t i = 0; i < io->pixels * io->c; i++)
		io->out[i] = io->in[0][i] * io->in[0][i];
}

static void bwd(const struct rnf_tile_io *io)
{
	for (int64_t i = 0; i < io->pixels * io->c; i++) {
		const float d = io->in[0][i] * io->in[1][i];
		io->out[i] = d + d;
	}
}

static const struct rnf_op_row bwd_row = {
	.name = "square_bwd", .words = "square", .class = RNF_CHAIN, .rows = 1,
	.in = { RNF_IS("dy", IMAGE), RNF_IS("x", TILE) }, .tile = bwd,
};

static void gradient(struct rnf_tape *t, const struct rnf_op *op, int dy)
{
	const int x = op->in[0];
	rnf_tape_receive(t, op, x, rnf_tape_append_like(t, op, &bwd_row, (int[]){ dy, x }, 2, x));
}

static const struct rnf_op_row row = {
	.name = "square", .words = "square", .call = "square", .class = RNF_CHAIN,
	.keep = RNF_CHEAP, .in = { RNF_IS("x", IMAGE) }, .rows = 1, .gradient = gradient,
	.tile = fwd,
};

static rnf_val call(struct rnf_graph *g, rnf_val x)
{
	return rnf_append_like(g, &(struct rnf_op){ .row = &row, .in = { x }, .n_in = 1 });
}

void rnf_primitive_square(struct rnf_graph *g)
{
	g->square = call;
}
