/* ramp: y = x + r, r the same image for all: 0, 0.01, 0.02 and so on. x, y (h, w, c). */
#include <rnframe/layer.h>

static rnf_val lower(const void *self, struct rnf_graph *graph, const rnf_val *in, size_t n_in)
{
	int64_t x[4] = { 0 };
	(void)self, (void)n_in;
	if (in[0] < 0) return in[0];
	graph->shape(graph, in[0], x);
	const int64_t n = x[1] * x[2] * x[3];
	float *r = graph->host->alloc((size_t)n * sizeof *r);
	for (int64_t i = 0; i < n; i++)
		r[i] = 0.01f * (float)i;
	return graph->add(graph, in[0], graph->constant(graph, x + 1, r));
}

static const struct rnf_layer_impl impl = { .inputs = 1, .lower = lower };

RNF_PLUGIN(layer, ramp, "a fixed image added", NULL, impl)
