/* cifar: the stem for small images: one 3x3 convolution `conv`, stride 1.
 * x (h, w, c); y (h, w, filters). */
#include <rnframe/compose.h>

struct conf {
	int64_t filters;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_INT_REQUIRED(struct conf, filters, 1, 4096, "channels", "of the output"));

static rnf_val build(const void *self, struct rnf_graph *graph, rnf_val x)
{
	const struct conf *conf = self;
	return rnf_conv(graph, "conv", x, (struct rnf_conv_spec){ conf->filters, 3, 1, 1 });
}

static const struct rnf_block_impl impl = { .build = build };

RNF_PLUGIN(block, cifar, "stem for small images: one convolution", &params, impl);
