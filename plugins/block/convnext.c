/* convnext: y = x + drop(gamma pwconv2(act(pwconv1(norm(dwconv(x)))))): a depthwise
 * convolution `dwconv` of kernel x kernel, the norm, 1x1 convolutions to `ratio` times the
 * channels and back, all three with biases; gamma a factor for each channel (`scale`, absent
 * where it is 0), drop for whole images (`drop`, absent at rate 0).
 * Where the shape changes x is reduced first: the norm (`down_norm`) and a convolution (`down`)
 * of stride x stride.
 * x (h, w, c); y (h / stride, w / stride, filters), rounded up.
 * Source: Liu et al. 2022 (arXiv 2201.03545). */
#include <rnframe/compose.h>

struct conf {
	int64_t filters, stride, kernel, ratio;
	int32_t first;
	double scale, drop;
	const struct rnf_ref *norm, *act;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_INT_REQUIRED(struct conf, filters, 1, 4096, "channels", "of the output"),
	RNF_INT(struct conf, stride, 1, 1, 64, "pixels", "of the reduction in front"),
	RNF_BOOL(struct conf, first, 0, "the first of its stage (a stage says so)"),
	RNF_INT(struct conf, kernel, 7, 1, 64, "pixels", "height and width of the depthwise one"),
	RNF_INT(struct conf, ratio, 4, 1, 64, "", "channels in the middle for one of the output"),
	RNF_FLOAT(struct conf, scale, 1e-6, 0, 100, "", "that gamma starts with; 0: no gamma"),
	RNF_FLOAT(struct conf, drop, 0, 0, 0.999, "",
		  "probability that an image's branch becomes 0 while training"),
	RNF_REF(struct conf, norm, "layer", "layernorm", "behind the depthwise convolution"),
	RNF_REF(struct conf, act, "activation|layer", "gelu", "between the 1x1 convolutions"));

/* With a bias. */
static rnf_val conv(struct rnf_graph *graph, const char *label, rnf_val x,
		    struct rnf_conv_spec spec)
{
	const struct rnf_setting settings[] = {
		RNF_SET_INT("filters", spec.filters),
		RNF_SET_INT("kernel", spec.kernel),
		RNF_SET_INT("stride", spec.stride),
		RNF_SET_INT("groups", spec.groups),
		RNF_SET_BOOL("bias", 1),
	};
	return graph->node(graph, "conv2d", label, &x, 1, settings, 5);
}

static rnf_val reduce(const struct conf *conf, struct rnf_graph *graph, rnf_val x)
{
	int64_t shape[4] = { 0 };
	if (x < 0) return x;
	graph->shape(graph, x, shape);
	if (conf->stride == 1 && shape[3] == conf->filters) return x;
	x = graph->use(graph, conf->norm, "down_norm", &x, 1, NULL, 0);
	return conv(graph, "down", x,
		    (struct rnf_conv_spec){ conf->filters, conf->stride, conf->stride, 1 });
}

static rnf_val branch(const struct conf *conf, struct rnf_graph *graph, rnf_val x)
{
	const int64_t c = conf->filters;
	const struct rnf_setting scale[] = { RNF_SET_FLOAT("value", conf->scale) };
	const struct rnf_setting drop[] = { RNF_SET_FLOAT("rate", conf->drop) };
	x = conv(graph, "dwconv", x, (struct rnf_conv_spec){ c, conf->kernel, 1, c });
	x = graph->use(graph, conf->norm, "norm", &x, 1, NULL, 0);
	x = conv(graph, "pwconv1", x, (struct rnf_conv_spec){ conf->ratio * c, 1, 1, 1 });
	x = graph->use(graph, conf->act, "act", &x, 1, NULL, 0);
	x = conv(graph, "pwconv2", x, (struct rnf_conv_spec){ c, 1, 1, 1 });
	if (conf->scale > 0) x = graph->node(graph, "layer_scale", "scale", &x, 1, scale, 1);
	if (conf->drop > 0) x = graph->node(graph, "drop_path", "drop", &x, 1, drop, 1);
	return x;
}

static rnf_val build(const void *self, struct rnf_graph *graph, rnf_val x)
{
	const struct conf *conf = self;
	x = reduce(conf, graph, x);
	const rnf_val in[] = { branch(conf, graph, x), x };
	return graph->node(graph, "add", "add", in, 2, NULL, 0);
}

static const struct rnf_block_impl impl = { .build = build };

RNF_PLUGIN(block, convnext, "depthwise 7x7, layernorm and an inverted bottleneck", &params, impl);
