/* concat_pool: y = (mean of x over the image, maximum of x over the image).
 * x (h, w, c); y (1, 1, 2 c), the means first. Source: fastai. */
#include <rnframe/layer.h>

static rnf_val lower(const void *self, struct rnf_graph *graph, const rnf_val *in, size_t n_in)
{
	(void)self, (void)n_in;
	const rnf_val average = graph->global_avgpool(graph, in[0]);
	const rnf_val maximum = graph->global_maxpool(graph, in[0]);
	return graph->concat(graph, (const rnf_val[]){ average, maximum }, 2);
}

static const struct rnf_layer_impl impl = { .inputs = 1, .lower = lower };

RNF_PLUGIN(layer, concat_pool, "average and maximum over the image, side by side", NULL, impl);
