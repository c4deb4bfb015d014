/* repvgg: y = act(rep_conv2d(x)): a 3x3 convolution, a 1x1 convolution and x itself where the
 * shape stays the same, each with a batch norm; in inference they are one 3x3 convolution.
 * x (h, w, c); y (h / stride, w / stride, filters), rounded up.
 * Source: Ding et al. 2021 (arXiv 2101.03697), figure 2. */
#include <rnframe/compose.h>

struct conf {
	int64_t filters, stride, groups;
	int32_t first;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_INT_REQUIRED(struct conf, filters, 1, 4096, "channels", "of the output"),
	RNF_INT(struct conf, stride, 1, 1, 64, "pixels", "of the convolutions"),
	RNF_INT(struct conf, groups, 1, 1, 4096, "", "of the convolutions"),
	RNF_BOOL(struct conf, first, 0, "the first of its stage (a stage says so)"));

static rnf_val build(const void *self, struct rnf_graph *graph, rnf_val x)
{
	const struct conf *conf = self;
	const struct rnf_setting settings[] = {
		RNF_SET_INT("filters", conf->filters), RNF_SET_INT("stride", conf->stride),
		RNF_SET_INT("groups", conf->groups),
	};
	x = graph->node(graph, "rep_conv2d", "rep", &x, 1, settings, 3);
	return graph->node(graph, "act", "act", &x, 1, NULL, 0);
}

static const struct rnf_block_impl impl = { .build = build };

RNF_PLUGIN(block, repvgg, "branches that become one convolution in inference", &params, impl);
