/* The inputs' channels one after another, pixel by pixel; each input gets its slice of dy. */
#include "base/arena.h"
#include "op/builder.h"
#include "op/tape.h"
#include "op/tile.h"

static void concat(const struct rnf_tile_io *io)
{
	const int64_t *channels = io->op->self;
	float *to = io->out;
	for (int i = 0; i < io->op->n_in; to += channels[i++])
		rnf_copy_channels(io->pixels, channels[i], io->in[i], channels[i], to, io->c);
}

static void gradient(struct rnf_tape *t, const struct rnf_op *op, int dy)
{
	int64_t offset = 0;
	for (int i = 0; i < op->n_in; i++) {
		const int x = op->in[i];
		if (rnf_tape_value(t, x).needs_grad) {
			const int part = rnf_tape_append_like(t, op, &rnf_op_row_slice, &dy, 1, x);
			rnf_op_of(t->p, part)->offset[0] = offset;
			rnf_op_of(t->p, part)->offset[1] = rnf_tape_value(t, dy).c;
			rnf_tape_receive(t, op, x, part);
		}
		offset += rnf_tape_value(t, x).c;
	}
}

static const struct rnf_op_row row = {
	.name = "concat", .words = "concatenation", .call = "concat", .class = RNF_CHAIN,
	.keep = RNF_CHEAP_JOIN, .apart = 1,
	.in = { RNF_IS("input 1", IMAGE), RNF_IS("input 2", PLANE), RNF_IS("input 3", PLANE),
		RNF_IS("input 4", PLANE), RNF_IS("input 5", PLANE), RNF_IS("input 6", PLANE),
		RNF_IS("input 7", PLANE), RNF_IS("input 8", PLANE) },
	.rows = 1, .gradient = gradient, .tile = concat,
};

static rnf_val concat_few(struct rnf_graph *g, const rnf_val *in, size_t n)
{
	int64_t *channels = rnf_alloc(n * sizeof *channels), c = 0;
	struct rnf_op op = { .row = &row, .self = channels };
	for (; (size_t)op.n_in < n; op.n_in++) {
		op.in[op.n_in] = in[op.n_in];
		channels[op.n_in] = rnf_shape_of(g, in[op.n_in]).c;
		c += channels[op.n_in];
	}
	const struct rnf_value first = rnf_shape_of(g, in[0]);
	return rnf_append(g, &op, first.h, first.w, c);
}

/* Refuse operands by their numbers in the call, since the ops that it is split into do not
 * know them. */
static rnf_val check_planes(struct rnf_graph *g, const rnf_val *in, size_t n)
{
	const struct rnf_value x = rnf_shape_of(g, in[0]);
	for (size_t i = 1; i < n; i++) {
		const struct rnf_value v = rnf_shape_of(g, in[i]);
		if (!rnf_builder_has(rnf_builder_of(g), in[i]) || (v.h == x.h && v.w == x.w))
			continue;
		return g->fail(g, "concat: input %zu is an image of %lld x %lld x %lld, must be "
			       "an image of %lld x %lld x any", i + 1, (long long)v.h,
			       (long long)v.w, (long long)v.c, (long long)x.h, (long long)x.w);
	}
	return 0;
}

/* Joins as many inputs as an op takes, then joins these results, until one is left. */
static rnf_val concat_many(struct rnf_graph *g, const rnf_val *in, size_t n)
{
	const size_t n_parts = (n + RNF_OP_INPUTS - 1) / RNF_OP_INPUTS;
	rnf_val *parts = rnf_alloc(n_parts * sizeof *parts);
	if (n <= RNF_OP_INPUTS) return concat_few(g, in, n);
	for (size_t i = 0; i < n_parts; i++) {
		const rnf_val *from = in + i * RNF_OP_INPUTS;
		const size_t left = n - i * RNF_OP_INPUTS;
		parts[i] = left == 1 ? *from
			: concat_few(g, from, left < RNF_OP_INPUTS ? left : RNF_OP_INPUTS);
	}
	return concat_many(g, parts, n_parts);
}

static rnf_val call(struct rnf_graph *g, const rnf_val *in, size_t n)
{
	if (!in || n < 1)
		return rnf_builder_broken(g, "concat: %s", in ? "it has no inputs" : "in is NULL");
	if (n > RNF_OP_INPUTS && check_planes(g, in, n) < 0) return -1;
	return concat_many(g, in, n);
}

void rnf_primitive_concat(struct rnf_graph *g)
{
	g->concat = call;
}
