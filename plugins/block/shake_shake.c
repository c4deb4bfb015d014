/* shake_shake: y = shake(f1(x), f2(x)) + side, f of a branch = bn2(conv2(act(bn1(conv1(act(x))))))
 * with 3x3 convolutions, shake the layer of that name. side is x; where the shape changes, from
 * a = act(x): every stride-th pixel through a 1x1 convolution (`red1`), and those one row and
 * one column further through another (`red2`), half the channels each, side by side through a
 * norm (`red_bn`).
 * x (h, w, c); y (h / stride, w / stride, filters), rounded up.
 * Source: Gastaldi 2017 (arXiv 1705.07485), the networks 26 2 x 32d and wider. */
#include <stdio.h>
#include <rnframe/compose.h>

static const char *const forwards[] = { "random", "even", NULL };
static const char *const backwards[] = { "random", "even", "same", NULL };

struct conf {
	int64_t filters, stride;
	int32_t first, forward, backward;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_INT_REQUIRED(struct conf, filters, 2, 4096, "channels", "of the output"),
	RNF_INT(struct conf, stride, 1, 1, 64, "pixels", "of the first convolutions"),
	RNF_BOOL(struct conf, first, 0, "the first of its stage (a stage says so)"),
	RNF_ENUM(struct conf, forward, "random", forwards, "as of the layer shake"),
	RNF_ENUM(struct conf, backward, "random", backwards, "as of the layer shake"));

static rnf_val branch(const struct conf *conf, struct rnf_graph *graph, rnf_val a, int number)
{
	char label[16];
	snprintf(label, sizeof label, "branch%d", number);
	graph->enter(graph, label);
	a = rnf_conv(graph, "conv1", a, (struct rnf_conv_spec){ conf->filters, 3, conf->stride, 1 });
	a = rnf_norm_act(graph, "bn1", "act1", a);
	a = rnf_conv(graph, "conv2", a, (struct rnf_conv_spec){ conf->filters, 3, 1, 1 });
	a = graph->node(graph, "norm", "bn2", &a, 1, NULL, 0);
	graph->leave(graph);
	return a;
}

/* Every stride-th pixel of a, to that many channels. */
static rnf_val reduce(const struct conf *conf, struct rnf_graph *graph, const char *label,
		      rnf_val a, int64_t filters)
{
	return rnf_conv(graph, label, a, (struct rnf_conv_spec){ filters, 1, conf->stride, 1 });
}

static rnf_val side(const struct conf *conf, struct rnf_graph *graph, rnf_val x, rnf_val a)
{
	const struct rnf_setting shift[] = { RNF_SET_INT("rows", 1), RNF_SET_INT("columns", 1) };
	const int64_t half = conf->filters / 2;
	int64_t shape[4] = { 0 };
	if (x < 0) return x;
	graph->shape(graph, x, shape);
	if (conf->stride == 1 && shape[3] == conf->filters) return x;
	const rnf_val shifted = graph->node(graph, "shift", "shift", &a, 1, shift, 2);
	const rnf_val in[] = {
		reduce(conf, graph, "red1", a, half),
		reduce(conf, graph, "red2", shifted, conf->filters - half),
	};
	x = graph->node(graph, "concat", "concat", in, 2, NULL, 0);
	return graph->node(graph, "norm", "red_bn", &x, 1, NULL, 0);
}

static rnf_val build(const void *self, struct rnf_graph *graph, rnf_val x)
{
	const struct conf *conf = self;
	const struct rnf_setting shake[] = {
		RNF_SET_STRING("forward", forwards[conf->forward]),
		RNF_SET_STRING("backward", backwards[conf->backward]),
	};
	const rnf_val a = graph->node(graph, "act", "act", &x, 1, NULL, 0);
	const rnf_val f[] = { branch(conf, graph, a, 1), branch(conf, graph, a, 2) };
	const rnf_val y = graph->node(graph, "shake", "shake", f, 2, shake, 2);
	const rnf_val in[] = { y, side(conf, graph, x, a) };
	return graph->node(graph, "add", "add", in, 2, NULL, 0);
}

static const struct rnf_block_impl impl = { .build = build };

RNF_PLUGIN(block, shake_shake, "two branches, mixed at random", &params, impl);
