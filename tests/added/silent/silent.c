/* silent: y = 2 x, which it does not say as a formula. */
#include <rnframe/layer.h>

static void fwd(const void *self, const struct rnf_tile *tile, const float *const *in, float *y)
{
	(void)self;
	for (int64_t i = 0; i < tile->pixels * tile->channels; i++)
		y[i] = 2 * in[0][i];
}

static void bwd(const void *self, const struct rnf_tile *tile, uint32_t i,
		const float *const *in, const float *dy, float *dx)
{
	(void)i, (void)in;
	fwd(self, tile, &dy, dx);
}

static const uint32_t roles[] = { RNF_IN_TILE };
static const struct rnf_row_impl row = {
	.size = sizeof row, .n_in = 1, .roles = roles, .fwd = fwd, .bwd = bwd,
};

static rnf_val lower(const void *self, struct rnf_graph *graph, const rnf_val *in, size_t n_in)
{
	(void)n_in;
	return graph->rows(graph, in, 1, 0, &row, self);
}

static const struct rnf_layer_impl impl = { .inputs = 1, .lower = lower };

RNF_PLUGIN(layer, silent, "twice as much, without a word", NULL, impl)
