/* basic: y = attention(conv2(act(bn2(conv1(a))))) + side, a = act(bn1(x)), both
 * convolutions 3x3; side is x, or the shortcut block of a.
 * x (h, w, c); y (h / stride, w / stride, filters), rounded up.
 * Source: He et al. 2016 (arXiv 1603.05027), pre-activation. */
#include <rnframe/compose.h>

static const struct rnf_params params = RNF_PARAMS(struct rnf_residual,
	RNF_RESIDUAL_ROWS(1, "of the output", "of the first convolution", "stride"));

static rnf_val build(const void *self, struct rnf_graph *graph, rnf_val x)
{
	const struct rnf_residual *conf = self;
	const rnf_val a = rnf_norm_act(graph, "bn1", "act1", x);
	rnf_val y = rnf_conv(graph, "conv1", a, (struct rnf_conv_spec){
		conf->filters, 3, conf->stride, 1 });
	y = rnf_norm_act(graph, "bn2", "act2", y);
	y = rnf_conv(graph, "conv2", y, (struct rnf_conv_spec){
		conf->filters, 3, 1, 1 });
	return rnf_residual_sum(conf, graph, y, x, a);
}

static const struct rnf_block_impl impl = { .build = build };

RNF_PLUGIN(block, basic, "two 3x3 convolutions and a shortcut", &params, impl);
