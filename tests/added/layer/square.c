/* square: y = x x. x, y (h, w, c). */
#include <rnframe/layer.h>

static rnf_val lower(const void *self, struct rnf_graph *graph, const rnf_val *in, size_t n_in)
{
	(void)self, (void)n_in;
	return graph->square(graph, in[0]);
}

static const struct rnf_layer_impl impl = { .inputs = 1, .lower = lower };

RNF_PLUGIN(layer, square, "a primitive that a test adds", NULL, impl);
