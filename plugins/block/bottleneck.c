/* bottleneck: y = attention(conv3(act(bn3(conv2(act(bn2(conv1(a)))))))) + side,
 * a = act(bn1(x)); conv1 1x1 to filters / 4, conv2 3x3, conv3 1x1 to filters;
 * side is x, or the shortcut block of a.
 * x (h, w, c); y (h / stride, w / stride, filters), rounded up.
 * Source: He et al. 2016 (arXiv 1603.05027), pre-activation. */
#include <rnframe/compose.h>

static const struct rnf_params params = RNF_PARAMS(struct rnf_residual,
	RNF_RESIDUAL_ROWS(4, "of the output; a quarter inside",
			  "of the 3x3 convolution", "first"));

static rnf_val build(const void *self, struct rnf_graph *graph, rnf_val x)
{
	const struct rnf_residual *conf = self;
	const int64_t inner = conf->filters / 4;
	const rnf_val a = rnf_norm_act(graph, "bn1", "act1", x);
	rnf_val y = rnf_conv(graph, "conv1", a, (struct rnf_conv_spec){ inner, 1, 1, 1 });
	y = rnf_norm_act(graph, "bn2", "act2", y);
	y = rnf_conv(graph, "conv2", y, (struct rnf_conv_spec){
		inner, 3, conf->stride, 1 });
	y = rnf_norm_act(graph, "bn3", "act3", y);
	y = rnf_conv(graph, "conv3", y, (struct rnf_conv_spec){ conf->filters, 1, 1, 1 });
	return rnf_residual_sum(conf, graph, y, x, a);
}

static const struct rnf_block_impl impl = { .build = build };

RNF_PLUGIN(block, bottleneck, "1x1, 3x3 and 1x1 convolutions and a shortcut", &params, impl);
