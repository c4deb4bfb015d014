/* prelu: y = x where x > 0, else a[c] x. x, y (h, w, c); a (c), or (1) where it is shared.
 * da = the sum of dy x where x <= 0; dx = dy or a dy. No L2 on a.
 * Source: He et al. 2015 (arXiv 1502.01852), equation 1; torch.nn.PReLU, which starts at
 * 0.25, too. */
#include <rnframe/layer.h>
#include <rnframe/vmath.h>

struct conf {
	double slope;
	int32_t shared;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_FLOAT(struct conf, slope, 0.25, -10, 10, "", "that a starts with"),
	RNF_BOOL(struct conf, shared, 0, "one a for all channels"));

/* a[c] of channel i: the one, or each its own. */
RNF_INLINE float slope_of(const float *a, int64_t i, int64_t step)
{
	return a[i * step];
}

RNF_INLINE void forward(const struct rnf_tile *tile, const float *x, const float *a,
			int64_t step, float *y)
{
	for (int64_t p = 0; p < tile->pixels; p++, x += tile->channels, y += tile->channels)
		for (int64_t i = 0; i < tile->channels; i++)
			y[i] = x[i] > 0 ? x[i] : slope_of(a, i, step) * x[i];
}

RNF_INLINE void to_x(const struct rnf_tile *tile, const float *x, const float *a, int64_t step,
		     const float *dy, float *dx)
{
	const int64_t c = tile->channels;
	for (int64_t p = 0; p < tile->pixels; p++, x += c, dy += c, dx += c)
		for (int64_t i = 0; i < c; i++)
			dx[i] = x[i] > 0 ? dy[i] : slope_of(a, i, step) * dy[i];
}

RNF_INLINE void to_slope(const struct rnf_tile *tile, const float *x, int64_t step,
			 const float *dy, float *da)
{
	const int64_t c = tile->channels;
	for (int64_t p = 0; p < tile->pixels; p++, x += c, dy += c)
		for (int64_t i = 0; i < c; i++)
			da[i * step] += x[i] > 0 ? 0 : dy[i] * x[i];
}

RNF_MULTIARCH
static void fwd(const void *self, const struct rnf_tile *tile, const float *const *in, float *y)
{
	const struct conf *conf = self;
	if (conf->shared) forward(tile, in[0], in[1], 0, y);
	else forward(tile, in[0], in[1], 1, y);
}

RNF_MULTIARCH
static void bwd(const void *self, const struct rnf_tile *tile, uint32_t i,
		const float *const *in, const float *dy, float *d)
{
	const struct conf *conf = self;
	if (i == 0 && conf->shared) to_x(tile, in[0], in[1], 0, dy, d);
	else if (i == 0) to_x(tile, in[0], in[1], 1, dy, d);
	else if (conf->shared) to_slope(tile, in[0], 0, dy, d);
	else to_slope(tile, in[0], 1, dy, d);
}

static const uint32_t roles[] = { RNF_IN_TILE, RNF_IN_WEIGHT };
static const uint32_t reads[] = { 1 << 0 | 1 << 1, 1 << 0 };
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
	const int64_t n = conf->shared ? 1 : x[3];
	const rnf_val a = graph->weight(graph, &(struct rnf_weight){
		.name = "slope", .rank = 1, .shape = { n }, .fan_in = n, .fan_out = n,
		.value = conf->slope });
	return graph->rows(graph, (rnf_val[]){ in[0], a }, 2, 0, &row, conf);
}

static const struct rnf_layer_impl impl = { .inputs = 1, .lower = lower };

RNF_PLUGIN(layer, prelu, "rectifier whose slope below 0 is learned", &params, impl);
