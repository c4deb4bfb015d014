/* global_maxpool: y[c] = maximum over all pixels of x[.., c].
 * x (h, w, c); y (1, 1, c). */
#include <rnframe/layer.h>

static rnf_val lower(const void *self, struct rnf_graph *graph, const rnf_val *in, size_t n_in)
{
	(void)self, (void)n_in;
	return graph->global_maxpool(graph, in[0]);
}

static const struct rnf_layer_impl impl = { .inputs = 1, .lower = lower };

RNF_PLUGIN(layer, global_maxpool, "maximum over the image", NULL, impl);
