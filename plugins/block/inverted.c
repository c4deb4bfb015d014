/* inverted: y = bn3(project(act2(bn2(depthwise(act1(bn1(expand(x)))))))), and + x where
 * the shape stays the same. `expand` is a 1x1 convolution to expansion times the channels
 * of x, left out with its norm and act where expansion is 1; `depthwise` a 3x3 convolution
 * of each channel alone, with the block's stride; `project` a 1x1 convolution to filters.
 * x (h, w, c); y (h / stride, w / stride, filters), rounded up.
 * Source: Sandler et al. 2018 (arXiv 1801.04381), with relu6 as the model's act. */
#include <rnframe/compose.h>

struct conf {
	int64_t filters, stride, expansion;
	int32_t first;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_INT_REQUIRED(struct conf, filters, 1, 4096, "channels", "of the output"),
	RNF_INT(struct conf, stride, 1, 1, 64, "pixels", "of the depthwise convolution"),
	RNF_INT(struct conf, expansion, 6, 1, 64, "", "channels inside for one of the input"),
	RNF_BOOL(struct conf, first, 0, "the first of its stage (a stage says so)"));

static rnf_val build(const void *self, struct rnf_graph *graph, rnf_val x)
{
	const struct conf *conf = self;
	int64_t shape[4] = { 0 };
	rnf_val y = x;
	if (x < 0) return x;
	graph->shape(graph, x, shape);
	const int64_t inner = shape[3] * conf->expansion;
	if (conf->expansion > 1) {
		y = rnf_conv(graph, "expand", y, (struct rnf_conv_spec){ inner, 1, 1, 1 });
		y = rnf_norm_act(graph, "bn1", "act1", y);
	}
	y = rnf_conv(graph, "depthwise", y,
		     (struct rnf_conv_spec){ inner, 3, conf->stride, inner });
	y = rnf_norm_act(graph, "bn2", "act2", y);
	y = rnf_conv(graph, "project", y, (struct rnf_conv_spec){ conf->filters, 1, 1, 1 });
	y = graph->node(graph, "norm", "bn3", &y, 1, NULL, 0);
	if (conf->stride != 1 || shape[3] != conf->filters) return y;
	const rnf_val in[] = { y, x };
	return graph->node(graph, "add", "add", in, 2, NULL, 0);
}

static const struct rnf_block_impl impl = { .build = build };

RNF_PLUGIN(block, inverted, "wide inside: 1x1, depthwise 3x3 and 1x1 convolutions", &params, impl);
