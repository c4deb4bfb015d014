/* avgpool: y = mean over the window's pixels that lie inside the image, a channel.
 * x (h, w, c); y (h', w', c), with h' and w' by Keras' padding rules. */
#include <rnframe/layer.h>

struct conf {
	int64_t size, stride;
	int32_t padding;
};

/* In the order of enum rnf_padding. */
static const char *const paddings[] = { "same", "valid", NULL };

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_INT(struct conf, size, 2, 1, 64, "pixels", "height and width of the window"),
	RNF_INT(struct conf, stride, 2, 1, 64, "pixels", "from one window to the next"),
	RNF_ENUM(struct conf, padding, "same", paddings, "may windows reach over the edge"));

static rnf_val lower(const void *self, struct rnf_graph *graph, const rnf_val *in, size_t n_in)
{
	const struct conf *conf = self;
	const enum rnf_padding padding = (enum rnf_padding)conf->padding;
	struct rnf_window w = { .kernel_h = conf->size, .kernel_w = conf->size, .stride = conf->stride };
	int64_t x[4] = { 0 };
	(void)n_in;
	if (in[0] < 0) return in[0];
	graph->shape(graph, in[0], x);
	w.out_h = rnf_window_axis(padding, x[1], conf->size, conf->stride, &w.pad_top);
	w.out_w = rnf_window_axis(padding, x[2], conf->size, conf->stride, &w.pad_left);
	if (w.out_h < 1 || w.out_w < 1)
		return graph->fail(graph, "size is %lld, must fit into the %lld x %lld input "
				   "when padding is \"valid\"", (long long)conf->size,
				   (long long)x[1], (long long)x[2]);
	return graph->avgpool(graph, in[0], &w);
}

static const struct rnf_layer_impl impl = { .inputs = 1, .lower = lower };

RNF_PLUGIN(layer, avgpool, "average over windows", &params, impl);
