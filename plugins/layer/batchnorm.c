/* batchnorm: y = gamma (x - mean) / sqrt(variance + eps) + beta, a channel.
 * Any shape, y as x. Training: mean and biased variance of the batch, and
 * running = momentum running + (1 - momentum) batch; inference: the running
 * ones. Source: Ioffe and Szegedy 2015; defaults are Keras'. */
#include <rnframe/layer.h>

struct conf {
	double eps, momentum;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_FLOAT(struct conf, eps, 1e-3, 1e-12, 1, "", "added to the variance"),
	RNF_FLOAT(struct conf, momentum, 0.99, 0, 1, "",
		  "part of the running statistics that a step keeps"));

static rnf_val lower(const void *self, struct rnf_graph *graph, const rnf_val *in, size_t n_in)
{
	const struct conf *conf = self;
	int64_t x[4] = { 0 };
	(void)n_in;
	if (in[0] < 0) return in[0];
	graph->shape(graph, in[0], x);
	const rnf_val gamma = rnf_vector(graph, "gamma", x[3], 1);
	const rnf_val beta = rnf_vector(graph, "beta", x[3], 0);
	const rnf_val mean = rnf_statistics(graph, "moving_mean", x[3], 0);
	const rnf_val variance = rnf_statistics(graph, "moving_variance", x[3], 1);
	return graph->batch_norm(graph, in[0], gamma, beta, mean, variance,
				 conf->eps, conf->momentum);
}

static const struct rnf_layer_impl impl = { .inputs = 1, .lower = lower };

RNF_PLUGIN(layer, batchnorm, "batch normalisation", &params, impl);
