/* imagenet: the stem for large images: 3x3 convolutions `conv1` (stride 2),
 * `conv2`, `conv3` with nothing between them, then a 3x3 maximum, stride 2.
 * x (h, w, c); y (h / 4, w / 4, filters), rounded up. */
#include <rnframe/layer.h>

struct conf {
	int64_t filters;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_INT_REQUIRED(struct conf, filters, 1, 65536, "channels", "of each convolution"));

static rnf_val conv(struct rnf_graph *graph, rnf_val x, const char *label,
		    int64_t filters, int64_t stride)
{
	const struct rnf_setting settings[] = {
		RNF_SET_INT("filters", filters),
		RNF_SET_INT("kernel", 3),
		RNF_SET_INT("stride", stride),
	};
	return graph->node(graph, "conv2d", label, &x, 1, settings, 3);
}

static rnf_val build(const void *self, struct rnf_graph *graph, rnf_val x)
{
	const struct conf *conf = self;
	const struct rnf_setting pool[] = {
		RNF_SET_INT("size", 3),
		RNF_SET_INT("stride", 2),
	};
	x = conv(graph, x, "conv1", conf->filters, 2);
	x = conv(graph, x, "conv2", conf->filters, 1);
	x = conv(graph, x, "conv3", conf->filters, 1);
	return graph->node(graph, "maxpool", "pool", &x, 1, pool, 2);
}

static const struct rnf_block_impl impl = { .build = build };

RNF_PLUGIN(block, imagenet, "stem for large images: three convolutions and a pool", &params, impl);
