/* shortcut: the side path of a block that changes the shape: average pool 2x2 with the
 * block's stride (`same`), 1x1 convolution `red`, norm `red_bn`. x (h, w, c); y (h /
 * stride, w / stride, filters), rounded up. With stride 1 the pool still averages, over
 * the pixels inside of the image. Source: He et al. 2019 (arXiv 1812.01187), ResNet-D. */
#include <rnframe/compose.h>

struct conf {
	int64_t filters, stride;
	int32_t bn;
	const struct rnf_ref *norm;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_INT_REQUIRED(struct conf, filters, 1, 4096, "channels", "of the output"),
	RNF_INT(struct conf, stride, 1, 1, 64, "pixels", "of the pool"),
	RNF_BOOL(struct conf, bn, 1, "end with a norm"),
	RNF_REF(struct conf, norm, "layer", NULL,
		"which; default: batchnorm with its defaults"));

static rnf_val pool(const struct conf *conf, struct rnf_graph *graph, rnf_val x)
{
	const struct rnf_setting settings[] = {
		RNF_SET_INT("size", 2),
		RNF_SET_INT("stride", conf->stride),
		RNF_SET_STRING("padding", "same"),
	};
	return graph->node(graph, "avgpool", "pool", &x, 1, settings, 3);
}

static rnf_val build(const void *self, struct rnf_graph *graph, rnf_val x)
{
	const struct conf *conf = self;
	const rnf_val y = rnf_conv(graph, "red", pool(conf, graph, x),
				   (struct rnf_conv_spec){ conf->filters, 1, 1, 1 });
	if (!conf->bn) return y;
	if (conf->norm) return graph->use(graph, conf->norm, "red_bn", &y, 1, NULL, 0);
	return graph->node(graph, "batchnorm", "red_bn", &y, 1, NULL, 0);
}

static const struct rnf_block_impl impl = { .build = build };

RNF_PLUGIN(block, shortcut, "pooled 1x1 projection beside a block", &params, impl);
