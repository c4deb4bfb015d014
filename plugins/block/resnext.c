/* resnext: the bottleneck with a grouped 3x3 convolution. Its inner width is
 * int(filters / base_width * width) * groups: `width` channels a group where
 * the block has base_width filters, in proportion elsewhere.
 * y = attention(conv3(act(bn3(conv2(act(bn2(conv1(a)))))))) + side,
 * a = act(bn1(x)); side is x, or the shortcut block of a.
 * x (h, w, c); y (h / stride, w / stride, filters), rounded up.
 * Source: Xie et al. 2017 (arXiv 1611.05431). */
#include <rnframe/compose.h>

struct conf {
	struct rnf_residual residual; /* first: its rows serve both */
	int64_t groups, width, base_width;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_RESIDUAL_ROWS(1, "of the output", "of the 3x3 convolution", "first"),
	RNF_INT(struct conf, groups, 16, 1, 4096, "", "of the 3x3 convolution (cardinality)"),
	RNF_INT(struct conf, width, 2, 1, 4096, "channels", "a group, at base_width filters"),
	RNF_INT(struct conf, base_width, 64, 1, 4096, "channels", "filters that width refers to"));

static rnf_val build(const void *self, struct rnf_graph *graph, rnf_val x)
{
	const struct conf *conf = self;
	const struct rnf_residual *r = &conf->residual;
	const int64_t inner = r->filters * conf->width / conf->base_width * conf->groups;
	if (inner < 1)
		return graph->fail(graph, "filters is %lld, must be at least base_width / width = "
				   "%lld / %lld", (long long)r->filters,
				   (long long)conf->base_width, (long long)conf->width);
	const rnf_val a = rnf_norm_act(graph, "bn1", "act1", x);
	rnf_val y = rnf_conv(graph, "conv1", a, (struct rnf_conv_spec){ inner, 1, 1, 1 });
	y = rnf_norm_act(graph, "bn2", "act2", y);
	y = rnf_conv(graph, "conv2", y, (struct rnf_conv_spec){
		inner, 3, r->stride, conf->groups });
	y = rnf_norm_act(graph, "bn3", "act3", y);
	y = rnf_conv(graph, "conv3", y, (struct rnf_conv_spec){ r->filters, 1, 1, 1 });
	return rnf_residual_sum(r, graph, y, x, a);
}

static const struct rnf_block_impl impl = { .build = build };

RNF_PLUGIN(block, resnext, "bottleneck with a grouped 3x3 convolution", &params, impl);
