/* y[h][w][c] = x[h][w][from + c]: some channels of x. Its gradient is dy with zeros for the
 * other ones. */
#include <string.h>

#include "op/builder.h"
#include "op/tape.h"
#include "op/tile.h"

static void slice(const struct rnf_tile_io *io)
{
	const int64_t from = io->op->offset[0], all = io->op->offset[1];
	rnf_copy_channels(io->pixels, io->c, io->in[0] + from, all, io->out, io->c);
}

static void bwd(const struct rnf_tile_io *io)
{
	const int64_t from = io->op->offset[0], n = io->op->offset[1];
	memset(io->out, 0, (size_t)(io->pixels * io->c) * sizeof *io->out);
	rnf_copy_channels(io->pixels, n, io->in[0], n, io->out + from, io->c);
}

static const struct rnf_op_row bwd_row = {
	.name = "slice_bwd", .words = "slice", .class = RNF_CHAIN, .in = { RNF_IS("dy", IMAGE) },
	.apart = 1, .rows = 1, .tile = bwd,
};

static void gradient(struct rnf_tape *t, const struct rnf_op *op, int dy)
{
	const int x = op->in[0];
	const int dx = rnf_tape_append_like(t, op, &bwd_row, &dy, 1, x);
	rnf_op_of(t->p, dx)->offset[0] = op->offset[0];
	rnf_op_of(t->p, dx)->offset[1] = rnf_tape_value(t, dy).c;
	rnf_tape_receive(t, op, x, dx);
}

static rnf_val check(const struct rnf_use *u)
{
	const int64_t from = u->op->offset[0], all = rnf_use_operand(u, 0)->c;
	if (from < 0 || u->c < 1)
		return rnf_builder_broken(u->graph, "slice: from is %lld, must be 0 or more; "
					  "channels is %lld, must be 1 or more", (long long)from,
					  (long long)u->c);
	if (u->c <= all - from) return 0;
	return u->graph->fail(u->graph, "slice: %lld channels from %lld on are more than the %lld "
			      "of x", (long long)u->c, (long long)from, (long long)all);
}

const struct rnf_op_row rnf_op_row_slice = {
	.name = "slice", .words = "slice", .call = "slice", .class = RNF_CHAIN, .keep = RNF_CHEAP,
	.in = { RNF_IS("x", IMAGE) }, .apart = 1, .rows = 1, .check = check,
	.gradient = gradient, .tile = slice,
};

static rnf_val call(struct rnf_graph *g, rnf_val x, int64_t from, int64_t channels)
{
	const struct rnf_value v = rnf_shape_of(g, x);
	return rnf_append(g, &(struct rnf_op){ .row = &rnf_op_row_slice, .in = { x }, .n_in = 1,
					       .offset = { from, v.c } },
			  v.h, v.w, channels);
}

void rnf_primitive_slice(struct rnf_graph *g)
{
	g->slice = call;
}
