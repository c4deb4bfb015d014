/* div: y = x1 / x2, both of one shape. x2 must stay away from 0, where the quotient is not
 * finite: the softplus of a value does, for example. */
#include <rnframe/layer.h>

static rnf_val lower(const void *self, struct rnf_graph *graph, const rnf_val *in, size_t n_in)
{
	(void)self, (void)n_in;
	return graph->div(graph, in[0], in[1]);
}

static const struct rnf_layer_impl impl = { .inputs = 2, .lower = lower };

RNF_PLUGIN(layer, div, "quotient of its two inputs", NULL, impl);
