/* layer_scale: y = gamma[c] x. x, y (h, w, c); gamma (c), no L2. dx = gamma dy, dgamma = the
 * sum of dy x. gamma starts small, so that a residual block starts near the identity.
 * Source: Touvron et al. 2021 (arXiv 2103.17239); ConvNeXt starts with 1e-6. In PyTorch
 * gamma * x over the last axis of NHWC. */
#include <rnframe/layer.h>

struct conf {
	double value;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_FLOAT(struct conf, value, 1e-6, -100, 100, "", "that gamma starts with"));

static rnf_val lower(const void *self, struct rnf_graph *graph, const rnf_val *in, size_t n_in)
{
	const struct conf *conf = self;
	int64_t x[4] = { 0 };
	(void)n_in;
	if (in[0] < 0) return in[0];
	graph->shape(graph, in[0], x);
	const rnf_val gamma = rnf_vector(graph, "gamma", x[3], conf->value);
	return graph->scale(graph, in[0], gamma);
}

static const struct rnf_layer_impl impl = { .inputs = 1, .lower = lower };

RNF_PLUGIN(layer, layer_scale, "a factor for each channel, learned from near 0", &params, impl);
