/* y[.., c] = x[.., c] + b[c]; db = the sum of dy over the batch. */
#include "op/builder.h"
#include "op/tape.h"
#include "op/tile.h"

RNF_INLINE void bias(int64_t pixels, int64_t c, int64_t n, const float *x, const float *b,
		     float *y)
{
	float add[RNF_BLOCK], v[RNF_BLOCK];
	rnf_copy(n, b, add);
	for (int64_t p = 0; p < pixels; p++, x += c, y += c) {
		for (int64_t i = 0; i < n; i++)
			v[i] = x[i] + add[i];
		rnf_copy(n, v, y);
	}
}

RNF_MULTIARCH
static void bias_tile(int64_t pixels, int64_t c, const float *x, const float *b,
		   float *y)
{
	int64_t i = 0;
	for (; i + RNF_BLOCK <= c; i += RNF_BLOCK)
		bias(pixels, c, RNF_BLOCK, x + i, b + i, y + i);
	if (i < c) bias(pixels, c, c - i, x + i, b + i, y + i);
}

static void fwd(const struct rnf_tile_io *io)
{
	bias_tile(io->pixels, io->c, io->in[0], io->in[1], io->out);
}

static void sum(const struct rnf_tile_io *io)
{
	rnf_sum_tile(io->pixels, io->c, io->in[0], io->out);
}

static const struct rnf_op_row sum_row = {
	.name = "SUM", .words = "bias", .class = RNF_CHAIN_REDUCE, .rows = 1,
	.in = { RNF_IS("dy", IMAGE) }, .tile = sum, .sum = rnf_sum_reduce,
};

static void gradient(struct rnf_tape *t, const struct rnf_op *op, int dy)
{
	rnf_tape_receive(t, op, op->in[0], dy);
	if (!rnf_tape_value(t, op->in[1]).needs_grad) return;
	rnf_tape_receive_weight(t, op->in[1],
		rnf_tape_append(t, op, &sum_row, &dy, 1, 1, 1, rnf_tape_value(t, dy).c), 0);
}

static int32_t formula(const struct rnf_op *op, struct rnf_formula *f, const int32_t *in)
{
	(void)op;
	return f->apply(f, RNF_FN_ADD, in[0], in[1]);
}

static const struct rnf_op_row row = {
	.name = "bias", .words = "bias", .call = "bias", .class = RNF_CHAIN, .keep = RNF_CHEAP,
	.in = { RNF_IS("x", IMAGE), RNF_IS("b", WEIGHT) }, .rows = 1,
	.gradient = gradient, .tile = fwd,
	.formula = formula,
};

static rnf_val call(struct rnf_graph *g, rnf_val x, rnf_val b)
{
	return rnf_append_like(g, &(struct rnf_op){ .row = &row, .in = { x, b }, .n_in = 2 });
}

void rnf_primitive_bias(struct rnf_graph *g)
{
	g->bias = call;
}
