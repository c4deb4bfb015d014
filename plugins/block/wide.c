/* wide: y = conv2(dropout(act(bn2(conv1(a))))) + side, a = act(bn1(x)), both convolutions
 * 3x3; side is x, or where the shape changes the 1x1 convolution `red` of a, with the
 * block's stride. Dropout is left out where its rate is 0.
 * x (h, w, c); y (h / stride, w / stride, filters), rounded up.
 * Source: Zagoruyko and Komodakis 2016 (arXiv 1605.07146), figure 1 (d). */
#include <rnframe/compose.h>

struct conf {
	int64_t filters, stride;
	int32_t first;
	double dropout;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_INT_REQUIRED(struct conf, filters, 1, 4096, "channels", "of the output"),
	RNF_INT(struct conf, stride, 1, 1, 64, "pixels", "of the first convolution"),
	RNF_BOOL(struct conf, first, 0, "the first of its stage (a stage says so)"),
	RNF_FLOAT(struct conf, dropout, 0, 0, 0.999, "",
		  "rate of the dropout before the second convolution"));

static rnf_val side(const struct conf *conf, struct rnf_graph *graph, rnf_val x, rnf_val a)
{
	int64_t shape[4] = { 0 };
	if (x < 0) return x;
	graph->shape(graph, x, shape);
	if (conf->stride == 1 && shape[3] == conf->filters) return x;
	return rnf_conv(graph, "red", a,
			(struct rnf_conv_spec){ conf->filters, 1, conf->stride, 1 });
}

static rnf_val build(const void *self, struct rnf_graph *graph, rnf_val x)
{
	const struct conf *conf = self;
	const struct rnf_setting rate[] = { RNF_SET_FLOAT("rate", conf->dropout) };
	const rnf_val a = rnf_norm_act(graph, "bn1", "act1", x);
	rnf_val y = rnf_conv(graph, "conv1", a,
			     (struct rnf_conv_spec){ conf->filters, 3, conf->stride, 1 });
	y = rnf_norm_act(graph, "bn2", "act2", y);
	if (conf->dropout > 0) y = graph->node(graph, "dropout", "dropout", &y, 1, rate, 1);
	y = rnf_conv(graph, "conv2", y, (struct rnf_conv_spec){ conf->filters, 3, 1, 1 });
	const rnf_val in[] = { y, side(conf, graph, x, a) };
	return graph->node(graph, "add", "add", in, 2, NULL, 0);
}

static const struct rnf_block_impl impl = { .build = build };

RNF_PLUGIN(block, wide, "two wide 3x3 convolutions with dropout between them", &params, impl);
