/* drop_path: y = x m, m = 0 with probability rate, else 1 / (1 - rate), one m an image; for
 * the branch of a residual block before the sum (stochastic depth).
 * Any shape, y as x; dx = dy m; in inference y = x. m is a function of (seed, epoch, node,
 * sample) alone, so the backward pass draws it again.
 * Source: Huang et al. 2016 (arXiv 1603.09382), in the form that scales while training, as
 * torchvision.ops.stochastic_depth with mode "row". */
#include <rnframe/layer.h>
#include <rnframe/random.h>
#include <rnframe/vmath.h>

struct conf {
	double rate;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_FLOAT(struct conf, rate, 0.1, 0, 0.999, "", "probability that an image becomes 0"));

static float factor(const struct conf *conf, const struct rnf_tile *tile)
{
	struct rnf_random random = { rnf_random_key(tile->key, tile->sample), 0 };
	if (rnf_random_uniform(&random) < conf->rate) return 0;
	return (float)(1.0 / (1.0 - conf->rate));
}

/* A product, not a choice: NaN stays NaN where it is dropped. */
static void fwd(const void *self, const struct rnf_tile *tile, const float *const *in, float *y)
{
	const float m = factor(self, tile);
	const float *x = in[0];
	for (int64_t i = 0; i < tile->pixels * tile->channels; i++)
		y[i] = x[i] * m;
}

static void bwd(const void *self, const struct rnf_tile *tile, uint32_t i,
		const float *const *in, const float *dy, float *d)
{
	(void)i, (void)in;
	fwd(self, tile, &dy, d);
}

static const uint32_t roles[] = { RNF_IN_TILE };
static const uint32_t reads[] = { 0 };
static const struct rnf_row_impl row = {
	.size = sizeof row, .flags = RNF_ROW_CHEAP | RNF_ROW_IN_PLACE, .n_in = 1,
	.roles = roles, .reads = reads, .fwd = fwd, .bwd = bwd,
};

static rnf_val lower(const void *self, struct rnf_graph *graph, const rnf_val *in, size_t n_in)
{
	const struct conf *conf = self;
	(void)n_in;
	if (!graph->training || conf->rate == 0) return in[0];
	return graph->rows(graph, in, 1, 0, &row, conf);
}

static const struct rnf_layer_impl impl = { .inputs = 1, .lower = lower };

RNF_PLUGIN(layer, drop_path, "zeroes whole images at random while training", &params, impl);
