/* dense: y[k] = sum_c x[c] kernel[c][k] (+ bias[k]).
 * x (1, 1, c); kernel (c, units); y (1, 1, units). */
#include <rnframe/layer.h>

struct conf {
	int64_t units;
	int32_t bias;
	const struct rnf_ref *initializer;
	double l2;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_INT(struct conf, units, 0, 0, 4096, "channels",
		"of the output; 0: the classes of the data"),
	RNF_BOOL(struct conf, bias, 1, "add a trained constant a unit"),
	RNF_REF(struct conf, initializer, "initializer", NULL, "of the kernel; default: the model's"),
	RNF_FLOAT(struct conf, l2, -1, -1, 1e6, "",
		  "weight of sum(kernel^2) in the loss; -1: the model's"));

static rnf_val kernel(const struct conf *conf, struct rnf_graph *graph, int64_t c)
{
	return graph->weight(graph, &(struct rnf_weight){
		.name = "kernel", .rank = 2, .shape = { c, conf->units },
		.fan_in = c, .fan_out = conf->units,
		.initializer = conf->initializer ? conf->initializer : graph->initializer,
		.l2 = conf->l2 < 0 ? graph->l2 : conf->l2,
	});
}

static rnf_val lower(const void *self, struct rnf_graph *graph, const rnf_val *in, size_t n_in)
{
	const struct conf *conf = self;
	int64_t x[4] = { 0 };
	(void)n_in;
	if (in[0] < 0) return in[0];
	graph->shape(graph, in[0], x);
	if (x[1] != 1 || x[2] != 1)
		return graph->fail(graph, "the input is %lld x %lld pixels, must be 1 x 1: put a "
				   "global pool before it (concat_pool, global_avgpool or "
				   "global_maxpool)", (long long)x[1], (long long)x[2]);
	if (conf->units == 0)
		return graph->fail(graph, "units is 0, must be 1 or more: only the classifier "
				   "takes it from the data");
	const rnf_val y = graph->matmul(graph, in[0], kernel(conf, graph, x[3]));
	return conf->bias ? graph->bias(graph, y, rnf_vector(graph, "bias", conf->units, 0)) : y;
}

static const struct rnf_layer_impl impl = { .inputs = 1, .lower = lower };

RNF_PLUGIN(layer, dense, "fully connected layer on one pixel", &params, impl);
