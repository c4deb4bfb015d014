/* swish: y = x s, s = sigmoid(beta[c] x). x, y (h, w, c); beta (1), or (c) where each channel
 * has its own. dx = dy (s + beta x s (1 - s)), dbeta = the sum of dy x^2 s (1 - s). No L2 on
 * beta.
 * Source: Ramachandran, Zoph and Le 2017 (arXiv 1710.05941); in PyTorch
 * x * torch.sigmoid(beta * x). With beta = 1 for good it is the activation silu. */
#include <math.h>
#include <rnframe/layer.h>
#include <rnframe/vmath.h>

struct conf {
	double beta;
	int32_t shared;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_FLOAT(struct conf, beta, 1, -100, 100, "", "that beta starts with"),
	RNF_BOOL(struct conf, shared, 1, "one beta for all channels"));

/* sigmoid(z) and its slope s (1 - s). With e = exp(-|z|) the smaller of s and 1 - s is
 * e / (1 + e), the larger 1 / (1 + e): nothing overflows or cancels. What rnf_expf gives at
 * its limit is taken off, so that a huge z meets a true 0. */
RNF_INLINE float gate(float z, float *slope)
{
	const float e = rnf_expf(-fabsf(z)) - rnf_expf(-87.0f);
	const float large = 1.0f / (1.0f + e), small = e * large;
	*slope = large * small;
	return z < 0 ? small : large;
}

/* beta[i * step] is that of channel i: the one, or each its own. */
RNF_INLINE void forward(const struct rnf_tile *tile, const float *x, const float *beta,
			int64_t step, float *y)
{
	const int64_t c = tile->channels;
	float slope;
	for (int64_t p = 0; p < tile->pixels; p++, x += c, y += c)
		for (int64_t i = 0; i < c; i++)
			y[i] = x[i] * gate(beta[i * step] * x[i], &slope);
}

RNF_INLINE void to_x(const struct rnf_tile *tile, const float *x, const float *beta, int64_t step,
		     const float *dy, float *dx)
{
	const int64_t c = tile->channels;
	for (int64_t p = 0; p < tile->pixels; p++, x += c, dy += c, dx += c)
		for (int64_t i = 0; i < c; i++) {
			const float z = beta[i * step] * x[i];
			float slope;
			const float s = gate(z, &slope);
			dx[i] = dy[i] * (s + z * slope);
		}
}

RNF_INLINE void to_beta(const struct rnf_tile *tile, const float *x, const float *beta,
			int64_t step, const float *dy, float *dbeta)
{
	const int64_t c = tile->channels;
	for (int64_t p = 0; p < tile->pixels; p++, x += c, dy += c)
		for (int64_t i = 0; i < c; i++) {
			float slope;
			gate(beta[i * step] * x[i], &slope);
			dbeta[i * step] += dy[i] * x[i] * (x[i] * slope);
		}
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
	else if (conf->shared) to_beta(tile, in[0], in[1], 0, dy, d);
	else to_beta(tile, in[0], in[1], 1, dy, d);
}

static const uint32_t roles[] = { RNF_IN_TILE, RNF_IN_WEIGHT };
static const struct rnf_row_impl row = {
	.size = sizeof row, .flags = RNF_ROW_CHEAP | RNF_ROW_IN_PLACE, .n_in = 2,
	.roles = roles, .fwd = fwd, .bwd = bwd,
};

static rnf_val lower(const void *self, struct rnf_graph *graph, const rnf_val *in, size_t n_in)
{
	const struct conf *conf = self;
	int64_t x[4] = { 0 };
	(void)n_in;
	if (in[0] < 0) return in[0];
	graph->shape(graph, in[0], x);
	const int64_t n = conf->shared ? 1 : x[3];
	const rnf_val beta = graph->weight(graph, &(struct rnf_weight){
		.name = "beta", .rank = 1, .shape = { n }, .fan_in = n, .fan_out = n,
		.value = conf->beta });
	return graph->rows(graph, (rnf_val[]){ in[0], beta }, 2, 0, &row, conf);
}

static const struct rnf_layer_impl impl = { .inputs = 1, .lower = lower };

RNF_PLUGIN(layer, swish, "x sigmoid(beta x), whose beta is learned", &params, impl);
