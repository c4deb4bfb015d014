/* post_activation: y = act2(bn2(conv2(act1(bn1(conv1(x))))) + side), both
 * convolutions 3x3; side is x, or where the shape changes the shortcut of x:
 * an identity without parameters, or a projection (1x1 convolution `red` with the
 * block's stride, norm `red_bn`).
 * x (h, w, c); y (h / stride, w / stride, filters), rounded up.
 * Source: He et al. 2015 (arXiv 1512.03385), figure 2 and options A and B. */
#include <rnframe/compose.h>

struct conf {
	int64_t filters, stride;
	int32_t first, shortcut;
};

enum { SHORTCUT_IDENTITY, SHORTCUT_PROJECTION };
static const char *const shortcuts[] = { "identity", "projection", NULL };

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_INT_REQUIRED(struct conf, filters, 1, 4096, "channels", "of the output"),
	RNF_INT(struct conf, stride, 1, 1, 64, "pixels", "of the first convolution"),
	RNF_BOOL(struct conf, first, 0, "the first of its stage (set by the stage)"),
	RNF_ENUM(struct conf, shortcut, "identity", shortcuts,
		 "where the shape changes: zeros for new channels, or a 1x1 convolution"));

static rnf_val norm(struct rnf_graph *graph, const char *label, rnf_val x)
{
	return graph->node(graph, "norm", label, &x, 1, NULL, 0);
}

static rnf_val side(const struct conf *conf, struct rnf_graph *graph, rnf_val x)
{
	int64_t shape[4] = { 0 };
	const struct rnf_setting settings[] = {
		RNF_SET_INT("filters", conf->filters),
		RNF_SET_INT("stride", conf->stride),
	};
	if (x < 0) return x;
	graph->shape(graph, x, shape);
	if (conf->stride == 1 && shape[3] == conf->filters) return x;
	if (conf->shortcut == SHORTCUT_IDENTITY)
		return graph->node(graph, "identity_shortcut", "shortcut", &x, 1, settings, 2);
	x = rnf_conv(graph, "red", x,
		     (struct rnf_conv_spec){ conf->filters, 1, conf->stride, 1 });
	return norm(graph, "red_bn", x);
}

static rnf_val build(const void *self, struct rnf_graph *graph, rnf_val x)
{
	const struct conf *conf = self;
	rnf_val y = rnf_conv(graph, "conv1", x,
			     (struct rnf_conv_spec){ conf->filters, 3, conf->stride, 1 });
	y = rnf_norm_act(graph, "bn1", "act1", y);
	y = rnf_conv(graph, "conv2", y, (struct rnf_conv_spec){ conf->filters, 3, 1, 1 });
	y = norm(graph, "bn2", y);
	const rnf_val in[] = { y, side(conf, graph, x) };
	y = graph->node(graph, "add", "add", in, 2, NULL, 0);
	return graph->node(graph, "act", "act2", &y, 1, NULL, 0);
}

static const struct rnf_block_impl impl = { .build = build };

RNF_PLUGIN(block, post_activation, "two 3x3 convolutions, activated after the sum", &params, impl);
