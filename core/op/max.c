/* y = max(a, b) of two images of one shape; ties take a, NaN counts as larger. The operand
 * that was taken gets dy, the other 0. */
#include <rnframe/vmath.h>

#include "op/builder.h"
#include "op/tape.h"

/* Is it b? */
RNF_INLINE int takes_second(float a, float b)
{
	return (b > a) | (b != b);
}

RNF_MULTIARCH
static void max_tile(int64_t n, const float *a, const float *b, float *y)
{
	for (int64_t i = 0; i < n; i++)
		y[i] = takes_second(a[i], b[i]) ? b[i] : a[i];
}

RNF_MULTIARCH
static void max_bwd_tile(int64_t n, const float *dy, const float *a, const float *b, int operand,
			 float *d)
{
	for (int64_t i = 0; i < n; i++)
		d[i] = takes_second(a[i], b[i]) == operand ? dy[i] : 0;
}

static void fwd(const struct rnf_tile_io *io)
{
	max_tile(io->pixels * io->c, io->in[0], io->in[1], io->out);
}

static void bwd(const struct rnf_tile_io *io)
{
	max_bwd_tile(io->pixels * io->c, io->in[0], io->in[1], io->in[2], io->op->operand, io->out);
}

static const struct rnf_op_row bwd_row = {
	.name = "max_bwd", .words = "maximum", .class = RNF_CHAIN, .rows = 1,
	.in = { RNF_IS("dy", IMAGE), RNF_IS("a", TILE), RNF_IS("b", TILE) }, .tile = bwd,
};

static void gradient(struct rnf_tape *t, const struct rnf_op *op, int dy)
{
	for (int i = 0; i < 2; i++) {
		const int v = op->in[i];
		if (!rnf_tape_value(t, v).needs_grad) continue;
		const int d = rnf_tape_append_like(t, op, &bwd_row,
						   (int[]){ dy, op->in[0], op->in[1] }, 3, v);
		rnf_op_of(t->p, d)->operand = i;
		rnf_tape_receive(t, op, v, d);
	}
}

static int32_t formula(const struct rnf_op *op, struct rnf_formula *f, const int32_t *in)
{
	(void)op;
	return f->apply(f, RNF_FN_MAX, in[0], in[1]);
}

static const struct rnf_op_row row = {
	.name = "max", .words = "maximum", .call = "max", .class = RNF_CHAIN, .keep = RNF_CHEAP,
	.in = { RNF_IS("a", IMAGE), RNF_IS("b", TILE) }, .rows = 1,
	.gradient = gradient, .tile = fwd,
	.formula = formula,
};

static rnf_val call(struct rnf_graph *g, rnf_val a, rnf_val b)
{
	return rnf_append_like(g, &(struct rnf_op){ .row = &row, .in = { a, b }, .n_in = 2 });
}

void rnf_primitive_max(struct rnf_graph *g)
{
	g->max = call;
}
