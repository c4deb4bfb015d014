/* slice: some channels of x, `channels` of them from `from` on.
 * x (h, w, c); y (h, w, channels). Its gradient is dy, with zeros for the others.
 * In PyTorch: x.narrow(1, from, channels) of NCHW. */
#include <rnframe/layer.h>

struct conf {
	int64_t from, channels;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_INT(struct conf, from, 0, 0, 1048575, "channels", "of the input in front of them"),
	RNF_INT(struct conf, channels, 0, 0, 1048576, "channels",
		"of the output; 0: all from there on"));

static rnf_val lower(const void *self, struct rnf_graph *graph, const rnf_val *in, size_t n_in)
{
	const struct conf *conf = self;
	int64_t x[4] = { 0 };
	(void)n_in;
	if (in[0] < 0) return in[0];
	graph->shape(graph, in[0], x);
	const int64_t left = x[3] - conf->from, channels = conf->channels ? conf->channels : left;
	if (left < 1)
		return graph->fail(graph, "from is %lld, must be less than the %lld channels of "
				   "the input", (long long)conf->from, (long long)x[3]);
	if (channels > left)
		return graph->fail(graph, "channels is %lld, must be at most %lld: the input has "
				   "%lld, from is %lld", (long long)channels, (long long)left,
				   (long long)x[3], (long long)conf->from);
	return channels == x[3] ? in[0] : graph->slice(graph, in[0], conf->from, channels);
}

static const struct rnf_layer_impl impl = { .inputs = 1, .lower = lower };

RNF_PLUGIN(layer, slice, "some of its channels", &params, impl);
