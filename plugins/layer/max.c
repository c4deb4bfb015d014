/* max: y = the largest of x1, x2, ..., element by element, all of one shape; ties: the first,
 * which alone gets the gradient. */
#include <rnframe/layer.h>

static rnf_val lower(const void *self, struct rnf_graph *graph, const rnf_val *in, size_t n_in)
{
	rnf_val y = in[0];
	(void)self;
	for (size_t i = 1; i < n_in; i++)
		y = graph->max(graph, y, in[i]);
	return y;
}

static const struct rnf_layer_impl impl = { .inputs = -1, .lower = lower };

RNF_PLUGIN(layer, max, "the largest of its inputs", NULL, impl);
