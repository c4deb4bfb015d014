/* y[h][w][c] = x[h][w][c] s[c], s one vector an image or a weight; dx = dy s, ds = the sum of
 * dy x over the pixels, and over the batch if s is a weight. */
#include "op/builder.h"
#include "op/tape.h"
#include "op/tile.h"

RNF_INLINE void dot_block(int64_t pixels, int64_t c, const float *a, const float *b,
			  float *sum)
{
	rnf_vec s[RNF_BLOCK_VECTORS] = { 0 };
	for (int64_t p = 0; p < pixels; p++, a += c, b += c)
		for (int v = 0; v < RNF_BLOCK_VECTORS; v++)
			s[v] += ((const rnf_vec *)a)[v] * ((const rnf_vec *)b)[v];
	for (int v = 0; v < RNF_BLOCK_VECTORS; v++)
		((rnf_vec *)sum)[v] += s[v];
}

RNF_MULTIARCH
static void dot_tile(int64_t pixels, int64_t c, const float *a, const float *b,
		  float *restrict sum)
{
	int64_t i = 0;
	for (; i + RNF_BLOCK <= c; i += RNF_BLOCK)
		dot_block(pixels, c, a + i, b + i, sum + i);
	for (; i < c; i++) {
		float s = 0;
		for (int64_t p = 0; p < pixels; p++)
			s += a[p * c + i] * b[p * c + i];
		sum[i] += s;
	}
}

static void fwd(const struct rnf_tile_io *io)
{
	rnf_scale_tile(io->pixels, io->c, io->in[0], io->in[1], io->out);
}

static void dot(const struct rnf_tile_io *io)
{
	dot_tile(io->pixels, io->c, io->in[0], io->in[1], io->out);
}

static void keep(const struct rnf_sum_io *io)
{
	rnf_broadcast_tile(1, io->c, io->sums, 1.0f, io->to);
}

static const struct rnf_op_row dot_row = {
	.name = "DOT", .words = "scale's factors", .class = RNF_CHAIN_SUM, .rows = 1,
	.in = { RNF_IS("dy", IMAGE), RNF_IS("x", TILE) }, .tile = dot, .sum = keep,
};

/* The same for a weight: summed over the batch. */
static const struct rnf_op_row dot_weight_row = {
	.name = "DOT_WEIGHT", .words = "scale's factors", .class = RNF_CHAIN_REDUCE, .rows = 1,
	.in = { RNF_IS("dy", IMAGE), RNF_IS("x", TILE) }, .tile = dot, .sum = rnf_sum_reduce,
};

static void gradient(struct rnf_tape *t, const struct rnf_op *op, int dy)
{
	const int x = op->in[0], s = op->in[1], of_s[] = { dy, x };
	rnf_tape_pass(t, op, x, op->row, (int[]){ dy, s }, 2);
	if (!rnf_tape_value(t, s).needs_grad) return;
	if (rnf_tape_value(t, s).domain == RNF_WEIGHT)
		rnf_tape_receive_weight(t, s, rnf_tape_append(t, op, &dot_weight_row, of_s, 2, 1, 1,
							      rnf_tape_value(t, s).c), 0);
	else
		rnf_tape_receive(t, op, s, rnf_tape_append_like(t, op, &dot_row, of_s, 2, s));
}

static int32_t formula(const struct rnf_op *op, struct rnf_formula *f, const int32_t *in)
{
	(void)op;
	return f->apply(f, RNF_FN_MUL, in[0], in[1]);
}

static const struct rnf_op_row row = {
	.name = "scale", .words = "scale", .call = "scale", .class = RNF_CHAIN,
	.keep = RNF_CHEAP, .in = { RNF_IS("x", IMAGE), RNF_IS("s", VECTOR) }, .rows = 1,
	.gradient = gradient, .tile = fwd,
	.formula = formula,
};

static const struct rnf_op_row weight_row = {
	.name = "scale", .words = "scale", .call = "scale", .class = RNF_CHAIN,
	.keep = RNF_CHEAP, .in = { RNF_IS("x", IMAGE), RNF_IS("s", WEIGHT) }, .rows = 1,
	.gradient = gradient, .tile = fwd,
	.formula = formula,
};

static rnf_val call(struct rnf_graph *g, rnf_val x, rnf_val s)
{
	const struct rnf_builder *b = rnf_builder_of(g);
	const int is_weight = rnf_builder_has(b, s) && b->program->values[s].domain == RNF_WEIGHT;
	return rnf_append_like(g, &(struct rnf_op){ .row = is_weight ? &weight_row : &row,
						    .in = { x, s }, .n_in = 2 });
}

void rnf_primitive_scale(struct rnf_graph *g)
{
	g->scale = call;
}
