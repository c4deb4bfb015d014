/* pyramid: y = bn3(conv2(act(bn2(conv1(bn1(x)))))) + side, both convolutions 3x3. Block i of
 * the n of a stage (from 1) has floor(from + (to - from) i / n) channels; side is x, its 2x2
 * mean where the stride is not 1, and zeros for the new channels.
 * x (h, w, c); y (h / stride, w / stride, those channels), rounded up.
 * Source: Han, Kim and Kim 2017 (arXiv 1610.02915), additive PyramidNet, equation 3 and
 * figure 6 (d). */
#include <rnframe/compose.h>

struct conf {
	double from, to;
	int64_t stride;
	int32_t first;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_FLOAT(struct conf, from, 16, 1, 4096, "channels", "in front of the stage"),
	RNF_FLOAT(struct conf, to, 32, 1, 4096, "channels", "of its last block"),
	RNF_INT(struct conf, stride, 1, 1, 64, "pixels", "of the first convolution"),
	RNF_BOOL(struct conf, first, 0, "the first of its stage (a stage says so)"));

/* What divides to a whole number may come out a little below it. */
static int64_t width(const struct conf *conf, const struct rnf_graph *graph)
{
	const double done = (double)(graph->block_index + 1) / (double)graph->block_count;
	return (int64_t)(conf->from + (conf->to - conf->from) * done + 1e-9);
}

static rnf_val norm(struct rnf_graph *graph, const char *label, rnf_val x)
{
	return graph->node(graph, "norm", label, &x, 1, NULL, 0);
}

static rnf_val side(const struct conf *conf, struct rnf_graph *graph, rnf_val x, int64_t filters)
{
	const struct rnf_setting pool[] = {
		RNF_SET_INT("size", 2),
		RNF_SET_INT("stride", conf->stride),
	};
	const struct rnf_setting pad[] = { RNF_SET_INT("filters", filters) };
	if (conf->stride != 1) x = graph->node(graph, "avgpool", "pool", &x, 1, pool, 2);
	return graph->node(graph, "pad_channels", "pad", &x, 1, pad, 1);
}

static rnf_val build(const void *self, struct rnf_graph *graph, rnf_val x)
{
	const struct conf *conf = self;
	const int64_t filters = width(conf, graph);
	rnf_val y = norm(graph, "bn1", x);
	y = rnf_conv(graph, "conv1", y, (struct rnf_conv_spec){ filters, 3, conf->stride, 1 });
	y = rnf_norm_act(graph, "bn2", "act", y);
	y = rnf_conv(graph, "conv2", y, (struct rnf_conv_spec){ filters, 3, 1, 1 });
	y = norm(graph, "bn3", y);
	const rnf_val in[] = { y, side(conf, graph, x, filters) };
	return graph->node(graph, "add", "add", in, 2, NULL, 0);
}

static const struct rnf_block_impl impl = { .build = build };

RNF_PLUGIN(block, pyramid, "two 3x3 convolutions, wider from block to block", &params, impl);
