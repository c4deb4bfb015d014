/* layer_scale: y = gamma[c] x. x, y (h, w, c); gamma (c), no L2. dx = gamma dy, dgamma = the
 * sum of dy x. gamma starts small, so that a residual block starts near the identity.
 * Source: Touvron et al. 2021 (arXiv 2103.17239); ConvNeXt starts with 1e-6. In PyTorch
 * gamma * x over the last axis of NHWC. */
#include <rnframe/layer.h>
#include <rnframe/vmath.h>

struct conf {
	double value;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_FLOAT(struct conf, value, 1e-6, -100, 100, "", "that gamma starts with"));

/* y = gamma x: of x, or of dy. */
RNF_INLINE void scale(const struct rnf_tile *tile, const float *x, const float *gamma, float *y)
{
	const int64_t c = tile->channels;
	for (int64_t p = 0; p < tile->pixels; p++, x += c, y += c)
		for (int64_t i = 0; i < c; i++)
			y[i] = gamma[i] * x[i];
}

RNF_INLINE void to_gamma(const struct rnf_tile *tile, const float *x, const float *dy,
			 float *dgamma)
{
	const int64_t c = tile->channels;
	for (int64_t p = 0; p < tile->pixels; p++, x += c, dy += c)
		for (int64_t i = 0; i < c; i++)
			dgamma[i] += dy[i] * x[i];
}

RNF_MULTIARCH
static void fwd(const void *self, const struct rnf_tile *tile, const float *const *in, float *y)
{
	(void)self;
	scale(tile, in[0], in[1], y);
}

RNF_MULTIARCH
static void bwd(const void *self, const struct rnf_tile *tile, uint32_t i,
		const float *const *in, const float *dy, float *d)
{
	(void)self;
	if (i == 0) scale(tile, dy, in[1], d);
	else to_gamma(tile, in[0], dy, d);
}

static const uint32_t roles[] = { RNF_IN_TILE, RNF_IN_WEIGHT };
static const uint32_t reads[] = { 1 << 1, 1 << 0 };
static const struct rnf_row_impl row = {
	.size = sizeof row, .flags = RNF_ROW_CHEAP | RNF_ROW_IN_PLACE, .n_in = 2,
	.roles = roles, .reads = reads, .fwd = fwd, .bwd = bwd,
};

static rnf_val lower(const void *self, struct rnf_graph *graph, const rnf_val *in, size_t n_in)
{
	const struct conf *conf = self;
	int64_t x[4] = { 0 };
	(void)n_in;
	if (in[0] < 0) return in[0];
	graph->shape(graph, in[0], x);
	const rnf_val gamma = rnf_vector(graph, "gamma", x[3], conf->value);
	return graph->rows(graph, (rnf_val[]){ in[0], gamma }, 2, 0, &row, conf);
}

static const struct rnf_layer_impl impl = { .inputs = 1, .lower = lower };

RNF_PLUGIN(layer, layer_scale, "a factor for each channel, learned from near 0", &params, impl);
