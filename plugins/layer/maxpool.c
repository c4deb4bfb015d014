/* maxpool: y = largest of the window's pixels that lie inside the image, a channel.
 * x (h, w, c); y (h', w', c), with h' and w' by Keras' padding rules, of windows that span
 * (size - 1) dilation + 1, as torch.nn.MaxPool2d has them. */
#include <rnframe/layer.h>

struct conf {
	int64_t size, stride, dilation;
	int32_t padding;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_INT(struct conf, size, 2, 1, 64, "pixels", "height and width of the window"),
	RNF_INT(struct conf, stride, 2, 1, 64, "pixels", "from one window to the next"),
	RNF_INT(struct conf, dilation, 1, 1, 64, "pixels",
		"from one pixel of the window to the next"),
	RNF_ENUM(struct conf, padding, "same", rnf_padding_words,
		 "may windows reach over the edge"));

static rnf_val lower(const void *self, struct rnf_graph *graph, const rnf_val *in, size_t n_in)
{
	const struct conf *conf = self;
	struct rnf_window w = { .kernel_h = conf->size, .stride = conf->stride,
				.dilation = conf->dilation };
	(void)n_in;
	const rnf_val x = rnf_window_over(graph, in[0], (enum rnf_padding)conf->padding, "size",
					  &w);
	return x < 0 ? x : graph->maxpool(graph, x, &w);
}

static const struct rnf_layer_impl impl = { .inputs = 1, .lower = lower };

RNF_PLUGIN(layer, maxpool, "maximum over windows", &params, impl);
