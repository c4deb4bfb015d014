/* concat: the channels of x1, then of x2, ...; all of one (h, w). */
#include <rnframe/layer.h>

static rnf_val lower(const void *self, struct rnf_graph *graph, const rnf_val *in, size_t n_in)
{
	(void)self;
	return n_in == 1 ? in[0] : graph->concat(graph, in, n_in);
}

static const struct rnf_layer_impl impl = { .inputs = -1, .lower = lower };

RNF_PLUGIN(layer, concat, "its inputs side by side, along the channels", NULL, impl);
