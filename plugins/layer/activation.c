/* activation: y = f(x) element by element, f an activation plugin.
 * Any shape, y as x. */
#include <rnframe/layer.h>

struct conf {
	const struct rnf_ref *function;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_REF_REQUIRED(struct conf, function, "activation", "f of y = f(x)"));

static rnf_val lower(const void *self, struct rnf_graph *graph, const rnf_val *in, size_t n_in)
{
	const struct conf *conf = self;
	return graph->use(graph, conf->function, "", in, n_in, NULL, 0);
}

static const struct rnf_layer_impl impl = { .inputs = 1, .lower = lower };

RNF_PLUGIN(layer, activation, "an activation function as a layer", &params, impl);
