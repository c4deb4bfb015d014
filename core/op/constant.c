/* An image that is the same for all, of numbers that a layer has. */
#include <string.h>

#include "base/floats.h"
#include "op/builder.h"

static void copy(const struct rnf_batch_io *io)
{
	memcpy(io->out, io->op->self, (size_t)io->op->pixels * (size_t)io->c * sizeof *io->out);
}

static const struct rnf_op_row row = {
	.name = "constant", .words = "constant", .call = "constant", .class = RNF_CONSTANT,
	.rows = 1, .batch = copy,
};

static rnf_val check_finite(struct rnf_graph *g, const float *values, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		if (rnf_count_bad(values + i, 1))
			return rnf_builder_broken(g, "constant: values[%lld] is %g, must be finite",
						  (long long)i, (double)values[i]);
	return 0;
}

static rnf_val call(struct rnf_graph *g, const int64_t hwc[3], const float *values)
{
	if (rnf_builder_of(g)->failed) return -1;
	if (!hwc || !values)
		return rnf_builder_broken(g, "constant: %s is NULL", hwc ? "values" : "hwc");
	if (rnf_check_shape(g, "constant", 3, hwc) < 0) return -1;
	if (check_finite(g, values, rnf_shape_size(3, hwc)) < 0) return -1;
	return rnf_append(g, &(struct rnf_op){ .row = &row, .self = values,
					       .pixels = hwc[0] * hwc[1] }, hwc[0], hwc[1], hwc[2]);
}

void rnf_primitive_constant(struct rnf_graph *g)
{
	g->constant = call;
}
