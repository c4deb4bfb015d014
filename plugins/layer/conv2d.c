/* conv2d: y = x * kernel (+ bias), cross-correlation in groups.
 * x (h, w, c); kernel (k, k, c / groups, filters); y (h', w', filters), with h'
 * and w' by Keras' padding rules. Fans as Keras counts them: in
 * k k c / groups, out k k filters. */
#include <rnframe/layer.h>

struct conf {
	int64_t filters, kernel, stride, groups;
	int32_t padding, bias, algorithm;
	const struct rnf_ref *initializer;
	double l2;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_INT_REQUIRED(struct conf, filters, 1, 4096, "channels", "of the output"),
	RNF_INT(struct conf, kernel, 3, 1, 64, "pixels", "height and width of the kernel"),
	RNF_INT(struct conf, stride, 1, 1, 64, "pixels", "from one window to the next"),
	RNF_INT(struct conf, groups, 1, 1, 4096, "", "of channels that see only each other"),
	RNF_ENUM(struct conf, padding, "same", rnf_padding_words, "zeros at the edge, as in Keras"),
	RNF_BOOL(struct conf, bias, 0, "add a trained constant a channel"),
	RNF_ENUM(struct conf, algorithm, "auto", rnf_algorithm_words,
		 "direct sums, or Winograd's F(4x4, 3x3); auto: the model's, or by the shape"),
	RNF_REF(struct conf, initializer, "initializer", NULL, "of the kernel; default: the model's"),
	RNF_FLOAT(struct conf, l2, -1, -1, 1e6, "",
		  "weight of sum(kernel^2) in the loss; -1: the model's"));

static rnf_val kernel(const struct conf *conf, struct rnf_graph *graph, int64_t c)
{
	const int64_t k = conf->kernel;
	return graph->weight(graph, &(struct rnf_weight){
		.name = "kernel", .rank = 4,
		.shape = { k, k, c / conf->groups, conf->filters },
		.fan_in = k * k * (c / conf->groups), .fan_out = k * k * conf->filters,
		.initializer = conf->initializer ? conf->initializer : graph->initializer,
		.l2 = conf->l2 < 0 ? graph->l2 : conf->l2,
	});
}

static rnf_val bias(const struct conf *conf, struct rnf_graph *graph, rnf_val y)
{
	const rnf_val b = graph->weight(graph, &(struct rnf_weight){
		.name = "bias", .rank = 1, .shape = { conf->filters },
		.fan_in = conf->filters, .fan_out = conf->filters,
	});
	return graph->bias(graph, y, b);
}

static int fits_winograd(const struct conf *conf)
{
	return conf->kernel == 3 && conf->stride == 1 && conf->groups == 1;
}

/* The model's setting applies to the convs that support it. */
static enum rnf_algorithm algorithm(const struct conf *conf, const struct rnf_graph *graph)
{
	if (conf->algorithm != RNF_ALGORITHM_AUTO) return (enum rnf_algorithm)conf->algorithm;
	if (graph->algorithm == RNF_ALGORITHM_WINOGRAD && !fits_winograd(conf))
		return RNF_ALGORITHM_DIRECT;
	return graph->algorithm;
}

/* x, or the failure */
static rnf_val fits(const struct conf *conf, struct rnf_graph *graph, rnf_val x, int64_t c)
{
	if (c % conf->groups != 0 || conf->filters % conf->groups != 0)
		return graph->fail(graph, "groups is %lld, must divide both the %lld channels "
				   "of the input and the %lld filters", (long long)conf->groups,
				   (long long)c, (long long)conf->filters);
	if (conf->algorithm == RNF_ALGORITHM_WINOGRAD && !fits_winograd(conf))
		return graph->fail(graph, "algorithm is \"winograd\", which is for kernel 3, "
				   "stride 1 and groups 1, not %lld, %lld and %lld",
				   (long long)conf->kernel, (long long)conf->stride,
				   (long long)conf->groups);
	return x;
}

static rnf_val lower(const void *self, struct rnf_graph *graph, const rnf_val *in, size_t n_in)
{
	const struct conf *conf = self;
	int64_t nhwc[4] = { 0 };
	struct rnf_window w;
	(void)n_in;
	if (in[0] < 0) return in[0];
	graph->shape(graph, in[0], nhwc);
	rnf_val x = fits(conf, graph, in[0], nhwc[3]);
	x = rnf_window_over(graph, x, (enum rnf_padding)conf->padding, "kernel",
			    conf->kernel, conf->stride, &w);
	if (x < 0) return x;
	const rnf_val y = graph->conv2d(graph, x, kernel(conf, graph, nhwc[3]), &w,
					conf->groups, algorithm(conf, graph));
	return conf->bias ? bias(conf, graph, y) : y;
}

static const struct rnf_layer_impl impl = { .inputs = 1, .lower = lower };

RNF_PLUGIN(layer, conv2d, "convolution, grouped if wanted", &params, impl);
