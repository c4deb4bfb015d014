/* imagenet: the stem for large images: 3x3 convolutions `conv1` (stride 2),
 * `conv2`, `conv3` with nothing between them, then a 3x3 maximum, stride 2.
 * x (h, w, c); y (h / 4, w / 4, filters), rounded up. */
#include <rnframe/compose.h>

struct conf {
	int64_t filters;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_INT_REQUIRED(struct conf, filters, 1, 4096, "channels", "of each convolution"));

static rnf_val build(const void *self, struct rnf_graph *graph, rnf_val x)
{
	const struct conf *conf = self;
	const struct rnf_setting pool[] = {
		RNF_SET_INT("size", 3),
		RNF_SET_INT("stride", 2),
	};
	x = rnf_conv(graph, "conv1", x, (struct rnf_conv_spec){ conf->filters, 3, 2, 1 });
	x = rnf_conv(graph, "conv2", x, (struct rnf_conv_spec){ conf->filters, 3, 1, 1 });
	x = rnf_conv(graph, "conv3", x, (struct rnf_conv_spec){ conf->filters, 3, 1, 1 });
	return graph->node(graph, "maxpool", "pool", &x, 1, pool, 2);
}

static const struct rnf_block_impl impl = { .build = build };

RNF_PLUGIN(block, imagenet, "stem for large images: three convolutions and a pool", &params, impl);
