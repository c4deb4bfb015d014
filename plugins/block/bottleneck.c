/* bottleneck: y = attention(conv3(act(bn3(conv2(act(bn2(conv1(a)))))))) + side,
 * a = act(bn1(x)); conv1 1x1 to filters / 4, conv2 3x3, conv3 1x1 to filters;
 * side is x, or the shortcut block of a.
 * x (h, w, c); y (h / stride, w / stride, filters), rounded up.
 * Source: He et al. 2016 (arXiv 1603.05027), pre-activation. */
#include <rnframe/layer.h>

struct conf {
	int64_t filters, stride;
	int32_t first, project, shortcut_bn;
	const struct rnf_ref *attention, *shortcut_norm;
};

enum { PROJECT_STRIDE, PROJECT_FIRST };
static const char *const projects[] = { "stride", "first", NULL };

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_INT_REQUIRED(struct conf, filters, 4, 65536, "channels", "of the output; a quarter inside"),
	RNF_INT(struct conf, stride, 1, 1, 64, "pixels", "of the 3x3 convolution"),
	RNF_BOOL(struct conf, first, 0, "the first of its stage (a stage says so)"),
	RNF_REF(struct conf, attention, "layer|block", NULL, "before the sum, labelled se_block"),
	RNF_ENUM(struct conf, project, "first", projects,
		 "project the shortcut where the stride is not 1, or in the first block too"),
	RNF_BOOL(struct conf, shortcut_bn, 1, "norm on a projected shortcut"),
	RNF_REF(struct conf, shortcut_norm, "layer", NULL,
		"which; default: batchnorm with its defaults"));

static rnf_val norm_act(struct rnf_graph *graph, rnf_val x, const char *norm, const char *act)
{
	x = graph->node(graph, "norm", norm, &x, 1, NULL, 0);
	return graph->node(graph, "act", act, &x, 1, NULL, 0);
}

static rnf_val conv(struct rnf_graph *graph, rnf_val x, const char *label,
		    int64_t filters, int64_t kernel, int64_t stride)
{
	const struct rnf_setting settings[] = {
		RNF_SET_INT("filters", filters),
		RNF_SET_INT("kernel", kernel),
		RNF_SET_INT("stride", stride),
	};
	return graph->node(graph, "conv2d", label, &x, 1, settings, 3);
}

/* An identity is impossible where the shape changes, whatever the conf says. */
static int projects_here(const struct conf *conf, struct rnf_graph *graph, rnf_val x)
{
	int64_t nhwc[4] = { 0 };
	if (x < 0) return 0;
	graph->shape(graph, x, nhwc);
	return conf->stride != 1 || nhwc[3] != conf->filters ||
	       (conf->project == PROJECT_FIRST && conf->first);
}

static rnf_val shortcut(const struct conf *conf, struct rnf_graph *graph, rnf_val a)
{
	const struct rnf_setting settings[] = {
		RNF_SET_INT("filters", conf->filters),
		RNF_SET_INT("stride", conf->stride),
		RNF_SET_BOOL("bn", conf->shortcut_bn),
		RNF_SET_REF("norm", conf->shortcut_norm),
	};
	return graph->node(graph, "shortcut", "", &a, 1, settings,
			   conf->shortcut_norm ? 4 : 3);
}

static rnf_val build(const void *self, struct rnf_graph *graph, rnf_val x)
{
	const struct conf *conf = self;
	const int64_t inner = conf->filters / 4;
	const rnf_val a = norm_act(graph, x, "bn1", "act1");
	rnf_val y = conv(graph, a, "conv1", inner, 1, 1);
	y = norm_act(graph, y, "bn2", "act2");
	y = conv(graph, y, "conv2", inner, 3, conf->stride);
	y = norm_act(graph, y, "bn3", "act3");
	y = conv(graph, y, "conv3", conf->filters, 1, 1);
	if (conf->attention)
		y = graph->use(graph, conf->attention, "se_block", &y, 1, NULL, 0);
	const rnf_val side = projects_here(conf, graph, x) ? shortcut(conf, graph, a) : x;
	return graph->node(graph, "add", "add", (const rnf_val[]){ y, side }, 2, NULL, 0);
}

static const struct rnf_block_impl impl = { .build = build };

RNF_PLUGIN(block, bottleneck, "1x1, 3x3 and 1x1 convolutions and a shortcut", &params, impl);
