/* reshape: the numbers of x in their order, as an image of (height, width, channels); as one
 * pixel unless it is told otherwise. x (h, w, c) with h w c = height width channels. */
#include <rnframe/layer.h>

struct conf {
	int64_t height, width, channels;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_INT(struct conf, height, 1, 1, 65536, "pixels", "of the output"),
	RNF_INT(struct conf, width, 1, 1, 65536, "pixels", "of the output"),
	RNF_INT(struct conf, channels, 0, 0, 1048576, "channels",
		"of the output; 0: as many as there are numbers for"));

static rnf_val lower(const void *self, struct rnf_graph *graph, const rnf_val *in, size_t n_in)
{
	const struct conf *conf = self;
	int64_t x[4] = { 0 }, channels = conf->channels;
	(void)n_in;
	if (in[0] < 0) return in[0];
	graph->shape(graph, in[0], x);
	if (!channels) channels = x[1] * x[2] * x[3] / (conf->height * conf->width);
	return graph->reshape(graph, in[0], conf->height, conf->width, channels);
}

static const struct rnf_layer_impl impl = { .inputs = 1, .lower = lower };

RNF_PLUGIN(layer, reshape, "its numbers as an image of another shape", &params, impl);
