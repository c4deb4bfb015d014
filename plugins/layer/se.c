/* se: y = x gate(W2 act(W1 mean(x))), a channel (squeeze and excite).
 * x, y (h, w, c); W1 (c, c / ratio), W2 (c / ratio, c), no biases, no L2.
 * Source: Hu, Shen and Sun 2018 (arXiv 1709.01507). */
#include <rnframe/layer.h>

struct conf {
	int64_t ratio, min_width;
	const struct rnf_ref *act, *gate;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_INT(struct conf, ratio, 16, 1, 4096, "", "channels of x for one in the middle, rounded down"),
	RNF_INT(struct conf, min_width, 1, 1, 4096, "channels", "in the middle, at least"),
	RNF_REF(struct conf, act, "activation", "relu", "between the two layers"),
	RNF_REF(struct conf, gate, "activation", "sigmoid", "after them: makes the factors"));

static rnf_val dense(struct rnf_graph *graph, const char *label, rnf_val x, int64_t units)
{
	const struct rnf_setting settings[] = {
		RNF_SET_INT("units", units),
		RNF_SET_BOOL("bias", 0),
		RNF_SET_FLOAT("l2", 0),
	};
	return graph->node(graph, "dense", label, &x, 1, settings, 3);
}

static rnf_val lower(const void *self, struct rnf_graph *graph, const rnf_val *in, size_t n_in)
{
	const struct conf *conf = self;
	int64_t x[4] = { 0 };
	(void)n_in;
	if (in[0] < 0) return in[0];
	graph->shape(graph, in[0], x);
	const int64_t divided = x[3] / conf->ratio;
	const int64_t width = divided < conf->min_width ? conf->min_width : divided;
	rnf_val s = graph->global_avgpool(graph, in[0]);
	s = dense(graph, "squeeze", s, width);
	s = graph->use(graph, conf->act, "act", &s, 1, NULL, 0);
	s = dense(graph, "excite", s, x[3]);
	s = graph->use(graph, conf->gate, "gate", &s, 1, NULL, 0);
	return graph->scale(graph, in[0], s);
}

static const struct rnf_layer_impl impl = { .inputs = 1, .lower = lower };

RNF_PLUGIN(layer, se, "squeeze and excite: channels weighed by their means", &params, impl);
