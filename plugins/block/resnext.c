/* resnext: the bottleneck with a grouped 3x3 convolution. Its inner width is
 * int(filters / base_width * width) * groups: `width` channels a group where
 * the block has base_width filters, in proportion elsewhere.
 * y = attention(conv3(act(bn3(conv2(act(bn2(conv1(a)))))))) + side,
 * a = act(bn1(x)); side is x, or the shortcut block of a.
 * x (h, w, c); y (h / stride, w / stride, filters), rounded up.
 * Source: Xie et al. 2017 (arXiv 1611.05431). */
#include <rnframe/layer.h>

struct conf {
	int64_t filters, groups, width, base_width, stride;
	int32_t first, project, shortcut_bn;
	const struct rnf_ref *attention, *shortcut_norm;
};

enum { PROJECT_STRIDE, PROJECT_FIRST };
static const char *const projects[] = { "stride", "first", NULL };

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_INT_REQUIRED(struct conf, filters, 1, 65536, "channels", "of the output"),
	RNF_INT(struct conf, groups, 16, 1, 65536, "", "of the 3x3 convolution (cardinality)"),
	RNF_INT(struct conf, width, 2, 1, 65536, "channels", "a group, at base_width filters"),
	RNF_INT(struct conf, base_width, 64, 1, 65536, "channels", "filters that width refers to"),
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

struct shape {
	int64_t filters, kernel, stride, groups;
};

static rnf_val conv(struct rnf_graph *graph, rnf_val x, const char *label, struct shape shape)
{
	const struct rnf_setting settings[] = {
		RNF_SET_INT("filters", shape.filters),
		RNF_SET_INT("kernel", shape.kernel),
		RNF_SET_INT("stride", shape.stride),
		RNF_SET_INT("groups", shape.groups),
	};
	return graph->node(graph, "conv2d", label, &x, 1, settings, 4);
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

static rnf_val body(const struct conf *conf, struct rnf_graph *graph, rnf_val a, int64_t inner)
{
	rnf_val y = conv(graph, a, "conv1", (struct shape){ inner, 1, 1, 1 });
	y = norm_act(graph, y, "bn2", "act2");
	y = conv(graph, y, "conv2", (struct shape){ inner, 3, conf->stride, conf->groups });
	y = norm_act(graph, y, "bn3", "act3");
	y = conv(graph, y, "conv3", (struct shape){ conf->filters, 1, 1, 1 });
	if (!conf->attention) return y;
	return graph->use(graph, conf->attention, "se_block", &y, 1, NULL, 0);
}

static rnf_val build(const void *self, struct rnf_graph *graph, rnf_val x)
{
	const struct conf *conf = self;
	const int64_t inner = conf->filters * conf->width / conf->base_width * conf->groups;
	if (inner < 1)
		return graph->fail(graph, "filters is %lld, must be at least base_width / width = "
				   "%lld / %lld", (long long)conf->filters,
				   (long long)conf->base_width, (long long)conf->width);
	const rnf_val a = norm_act(graph, x, "bn1", "act1");
	const rnf_val y = body(conf, graph, a, inner);
	const rnf_val side = projects_here(conf, graph, x) ? shortcut(conf, graph, a) : x;
	return graph->node(graph, "add", "add", (const rnf_val[]){ y, side }, 2, NULL, 0);
}

static const struct rnf_block_impl impl = { .build = build };

RNF_PLUGIN(block, resnext, "bottleneck with a grouped 3x3 convolution", &params, impl);
