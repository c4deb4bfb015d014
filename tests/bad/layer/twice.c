/* twice: a x + b x, where a and b are 0 or 1 at random, each in an op of its own. It is
 * correct, but no layer of the tree has two random ops. */
#include <rnframe/rnframe.h>

struct conf {
	double rate;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_FLOAT(struct conf, rate, 0.5, 0, 1, "", "probability of a 0"));

static void fwd(const void *self, const struct rnf_tile *tile, size_t n, const float *x, float *y)
{
	const struct conf *conf = self;
	const uint64_t key = rnf_random_key(tile->key, tile->sample);
	for (size_t i = 0; i < n; i++) {
		struct rnf_random random = { rnf_random_key(key, tile->offset + i), 0 };
		y[i] = rnf_random_uniform(&random) < conf->rate ? 0 : x[i];
	}
}

static void bwd(const void *self, const struct rnf_tile *tile, size_t n, const float *x,
		const float *dy, float *dx)
{
	(void)x;
	fwd(self, tile, n, dy, dx);
}

static const struct rnf_activation_impl kernels = { .fwd = fwd, .bwd = bwd };

static rnf_val lower(const void *self, struct rnf_graph *g, const rnf_val *in, size_t n_in)
{
	(void)n_in;
	const rnf_val a = g->pointwise(g, in[0], &kernels, self);
	return g->add(g, a, g->pointwise(g, in[0], &kernels, self));
}

static const struct rnf_layer_impl impl = { .inputs = 1, .lower = lower };
RNF_PLUGIN(layer, twice, "two random ops in one layer", &params, impl)
