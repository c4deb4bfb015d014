/* x as an image of another (h, w, c) of the same size, the numbers in the same order. */
#include <string.h>

#include "op/builder.h"
#include "op/tape.h"

static void copy(const struct rnf_image_io *io)
{
	memcpy(io->out, io->in[0], (size_t)rnf_value_size(io->y) * sizeof *io->out);
}

static const struct rnf_op_row row;

static void gradient(struct rnf_tape *t, const struct rnf_op *op, int dy)
{
	rnf_tape_pass(t, op, op->in[0], &row, &dy, 1);
}

static const struct rnf_op_row row = {
	.name = "reshape", .words = "reshape", .call = "reshape", .class = RNF_HEAVY,
	.in = { RNF_IS("x", IMAGE) }, .rows = 1, .gradient = gradient, .image = copy,
};

/* By divisions: a product might not fit into 64 bits. */
static int has_size(int64_t h, int64_t w, int64_t c, int64_t size)
{
	return h >= 1 && w >= 1 && c >= 1 && size % h == 0 && size / h % w == 0 &&
	       size / h / w == c;
}

/* The new shape may come from the conf. */
static rnf_val call(struct rnf_graph *g, rnf_val x, int64_t h, int64_t w, int64_t c)
{
	const struct rnf_value v = rnf_shape_of(g, x);
	if (rnf_builder_has(rnf_builder_of(g), x) && !has_size(h, w, c, rnf_value_size(&v)))
		return g->fail(g, "reshape: %lld x %lld x %lld is not the size of x, an image "
			       "of %lld x %lld x %lld", (long long)h, (long long)w, (long long)c,
			       (long long)v.h, (long long)v.w, (long long)v.c);
	return rnf_append(g, &(struct rnf_op){ .row = &row, .in = { x }, .n_in = 1 }, h, w, c);
}

void rnf_primitive_reshape(struct rnf_graph *g)
{
	g->reshape = call;
}
