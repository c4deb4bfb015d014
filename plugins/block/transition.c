/* transition: y = pool(conv(act(bn(x)))), between two stages of `densenet` blocks: a 1x1
 * convolution to the share `compression` of the channels, rounded down, then the mean of
 * 2x2 pixels, stride 2.
 * x (h, w, c); y (h / 2, w / 2, compression c), sizes rounded up.
 * Source: Huang et al. 2016 (arXiv 1608.06993), section 3; compression 1 is DenseNet,
 * 0.5 DenseNet-BC. */
#include <rnframe/compose.h>

struct conf {
	double compression;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_FLOAT(struct conf, compression, 1, 0.01, 1, "", "share of the channels that is left"));

static rnf_val build(const void *self, struct rnf_graph *graph, rnf_val x)
{
	const struct conf *conf = self;
	int64_t shape[4] = { 0 };
	if (x < 0) return x;
	graph->shape(graph, x, shape);
	const int64_t filters = (int64_t)((double)shape[3] * conf->compression);
	if (filters < 1)
		return graph->fail(graph, "compression is %g, which leaves none of %lld channels",
				   conf->compression, (long long)shape[3]);
	rnf_val y = rnf_norm_act(graph, "bn", "act", x);
	y = rnf_conv(graph, "conv", y, (struct rnf_conv_spec){ filters, 1, 1, 1 });
	return graph->node(graph, "avgpool", "pool", &y, 1, NULL, 0);
}

static const struct rnf_block_impl impl = { .build = build };

RNF_PLUGIN(block, transition, "fewer channels, half the size: between dense stages", &params, impl);
