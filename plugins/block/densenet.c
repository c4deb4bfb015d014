/* densenet: y = (x, new), side by side: each block adds `filters` channels (the growth
 * rate k) to all that came before. new = dropout(conv1(act(bn1(x)))), conv1 3x3; with a
 * bottleneck new = dropout(conv2(act(bn2(conv1(act(bn1(x))))))), conv1 1x1 to 4 filters
 * channels, conv2 3x3. Dropout is left out where its rate is 0.
 * x (h, w, c); y (h, w, c + filters).
 * Source: Huang et al. 2016 (arXiv 1608.06993), section 3. */
#include <rnframe/compose.h>

struct conf {
	int64_t filters, stride;
	int32_t first, bottleneck;
	double dropout;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_INT_REQUIRED(struct conf, filters, 1, 1024, "channels", "that a block adds (growth rate)"),
	RNF_INT(struct conf, stride, 1, 1, 64, "pixels", "must be 1 (a stage sets it)"),
	RNF_BOOL(struct conf, first, 0, "the first of its stage (a stage says so)"),
	RNF_BOOL(struct conf, bottleneck, 0, "a 1x1 convolution to 4 filters before the 3x3"),
	RNF_FLOAT(struct conf, dropout, 0, 0, 0.999, "", "rate of the dropout on the new channels"));

static rnf_val build(const void *self, struct rnf_graph *graph, rnf_val x)
{
	const struct conf *conf = self;
	const struct rnf_setting rate[] = { RNF_SET_FLOAT("rate", conf->dropout) };
	const struct rnf_conv_spec inner = { 4 * conf->filters, 1, 1, 1 };
	const struct rnf_conv_spec outer = { conf->filters, 3, 1, 1 };
	if (conf->stride != 1)
		return graph->fail(graph, "stride is %lld, must be 1: a transition between two "
				   "stages makes the image smaller", (long long)conf->stride);
	rnf_val y = rnf_norm_act(graph, "bn1", "act1", x);
	y = rnf_conv(graph, "conv1", y, conf->bottleneck ? inner : outer);
	if (conf->bottleneck) {
		y = rnf_norm_act(graph, "bn2", "act2", y);
		y = rnf_conv(graph, "conv2", y, outer);
	}
	if (conf->dropout > 0) y = graph->node(graph, "dropout", "dropout", &y, 1, rate, 1);
	const rnf_val in[] = { x, y };
	return graph->node(graph, "concat", "concat", in, 2, NULL, 0);
}

static const struct rnf_block_impl impl = { .build = build };

RNF_PLUGIN(block, densenet, "a convolution's channels beside its input's", &params, impl);
