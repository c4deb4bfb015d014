/* The mean over an image's pixels, (1, 1, c); each pixel gets its share of dy. */
#include "op/builder.h"
#include "op/tape.h"
#include "op/tile.h"

static void sum(const struct rnf_tile_io *io)
{
	rnf_sum_tile(io->pixels, io->c, io->in[0], io->out);
}

static void mean(const struct rnf_sum_io *io)
{
	rnf_broadcast_tile(1, io->c, io->sums, 1.0f / (float)io->image_pixels, io->to);
}

static void broadcast(const struct rnf_tile_io *io)
{
	rnf_broadcast_tile(io->pixels, io->c, io->in[0], 1.0f / (float)io->image_pixels,
			   io->out);
}

static const struct rnf_op_row broadcast_row = {
	.name = "broadcast", .words = "global average", .class = RNF_CHAIN,
	.in = { RNF_IS("dy", VECTOR) }, .rows = 1, .tile = broadcast,
};

static void gradient(struct rnf_tape *t, const struct rnf_op *op, int dy)
{
	const int x = op->in[0];
	rnf_tape_receive(t, op, x, rnf_tape_append_like(t, op, &broadcast_row, &dy, 1, x));
}

static const struct rnf_op_row row = {
	.name = "GLOBAL_AVG", .words = "global average", .call = "global_avgpool",
	.class = RNF_CHAIN_SUM, .in = { RNF_IS("x", IMAGE) }, .rows = 1,
	.gradient = gradient, .tile = sum, .sum = mean,
};

static rnf_val call(struct rnf_graph *g, rnf_val x)
{
	return rnf_append(g, &(struct rnf_op){ .row = &row, .in = { x }, .n_in = 1 }, 1, 1,
			  rnf_shape_of(g, x).c);
}

void rnf_primitive_global_avg(struct rnf_graph *g)
{
	g->global_avgpool = call;
}
