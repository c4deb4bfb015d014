/* layernorm: y = gamma (x - mean) / sqrt(variance + eps) + beta, mean and biased variance of
 * the channels of each pixel. x, y (h, w, c); gamma, beta (c), no L2.
 * With n = (x - mean) s, s = 1 / sqrt(variance + eps), g = gamma dy:
 * dx = s (g - mean(g) - n mean(g n)), dgamma = the sum of dy n, dbeta = the sum of dy.
 * Source: Ba, Kiros and Hinton 2016 (arXiv 1607.06450), as torch.nn.LayerNorm over the last
 * axis of NHWC (the norm of ConvNeXt). */
#include <math.h>
#include <rnframe/layer.h>
#include <rnframe/sums.h>

struct conf {
	double eps;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_FLOAT(struct conf, eps, 1e-6, 1e-12, 1, "", "added to the variance"));

RNF_INLINE float mean_of(int64_t c, const float *x)
{
	return rnf_sum(c, x) / (float)c;
}

/* Around the mean, so that no digits are lost. */
RNF_INLINE float factor_of(int64_t c, const float *x, float mean, float eps)
{
	rnf_vec sums = { 0 };
	int64_t i = 0;
	for (; i + RNF_LANES <= c; i += RNF_LANES) {
		const rnf_vec d = *(const rnf_vec *)(x + i) - mean;
		sums += d * d;
	}
	float sum = rnf_lanes_sum(&sums);
	for (; i < c; i++)
		sum += (x[i] - mean) * (x[i] - mean);
	return 1.0f / sqrtf(sum / (float)c + eps);
}

/* The means of g and of g n over a pixel's channels. */
RNF_INLINE void means_of(int64_t c, const float *x, const float *gamma, const float *dy,
			 float mean, float s, float *of_g, float *of_gn)
{
	rnf_vec g_sums = { 0 }, gn_sums = { 0 };
	int64_t i = 0;
	for (; i + RNF_LANES <= c; i += RNF_LANES) {
		const rnf_vec g = *(const rnf_vec *)(gamma + i) * *(const rnf_vec *)(dy + i);
		g_sums += g;
		gn_sums += g * ((*(const rnf_vec *)(x + i) - mean) * s);
	}
	float g_sum = rnf_lanes_sum(&g_sums), gn_sum = rnf_lanes_sum(&gn_sums);
	for (; i < c; i++) {
		const float g = gamma[i] * dy[i];
		g_sum += g;
		gn_sum += g * ((x[i] - mean) * s);
	}
	*of_g = g_sum / (float)c;
	*of_gn = gn_sum / (float)c;
}

RNF_MULTIARCH
static void fwd(const void *self, const struct rnf_tile *tile, const float *const *in, float *y)
{
	const float eps = (float)((const struct conf *)self)->eps;
	const float *x = in[0], *gamma = in[1], *beta = in[2];
	const int64_t c = tile->channels;
	for (int64_t p = 0; p < tile->pixels; p++, x += c, y += c) {
		const float mean = mean_of(c, x), s = factor_of(c, x, mean, eps);
		for (int64_t i = 0; i < c; i++)
			y[i] = gamma[i] * ((x[i] - mean) * s) + beta[i];
	}
}

RNF_INLINE void to_x(const struct rnf_tile *tile, float eps, const float *x, const float *gamma,
		     const float *dy, float *dx)
{
	const int64_t c = tile->channels;
	for (int64_t p = 0; p < tile->pixels; p++, x += c, dy += c, dx += c) {
		const float mean = mean_of(c, x), s = factor_of(c, x, mean, eps);
		float of_g, of_gn;
		means_of(c, x, gamma, dy, mean, s, &of_g, &of_gn);
		for (int64_t i = 0; i < c; i++)
			dx[i] = s * (gamma[i] * dy[i] - of_g - (x[i] - mean) * s * of_gn);
	}
}

RNF_INLINE void to_gamma(const struct rnf_tile *tile, float eps, const float *x, const float *dy,
			 float *dgamma)
{
	const int64_t c = tile->channels;
	for (int64_t p = 0; p < tile->pixels; p++, x += c, dy += c) {
		const float mean = mean_of(c, x), s = factor_of(c, x, mean, eps);
		for (int64_t i = 0; i < c; i++)
			dgamma[i] += dy[i] * ((x[i] - mean) * s);
	}
}

RNF_INLINE void to_beta(const struct rnf_tile *tile, const float *dy, float *dbeta)
{
	const int64_t c = tile->channels;
	for (int64_t p = 0; p < tile->pixels; p++, dy += c)
		for (int64_t i = 0; i < c; i++)
			dbeta[i] += dy[i];
}

RNF_MULTIARCH
static void bwd(const void *self, const struct rnf_tile *tile, uint32_t i,
		const float *const *in, const float *dy, float *d)
{
	const float eps = (float)((const struct conf *)self)->eps;
	if (i == 0) to_x(tile, eps, in[0], in[1], dy, d);
	else if (i == 1) to_gamma(tile, eps, in[0], dy, d);
	else to_beta(tile, dy, d);
}

static int32_t formula(const void *self, struct rnf_formula *f, const int32_t *in)
{
	const struct conf *conf = self;
	const int32_t mean = f->apply(f, RNF_FN_MEAN, in[0], 0);
	const int32_t d = f->apply(f, RNF_FN_SUB, in[0], mean);
	const int32_t variance = f->apply(f, RNF_FN_MEAN, f->apply(f, RNF_FN_MUL, d, d), 0);
	const int32_t sum = f->apply(f, RNF_FN_ADD, variance, f->number(f, conf->eps));
	const int32_t n = f->apply(f, RNF_FN_DIV, d, f->apply(f, RNF_FN_SQRT, sum, 0));
	return f->apply(f, RNF_FN_ADD, f->apply(f, RNF_FN_MUL, n, in[1]), in[2]);
}

static const uint32_t roles[] = { RNF_IN_TILE, RNF_IN_WEIGHT, RNF_IN_WEIGHT };
static const uint32_t reads[] = { 1 << 0 | 1 << 1, 1 << 0, 0 };
static const struct rnf_row_impl row = {
	.size = sizeof row, .flags = RNF_ROW_CHEAP | RNF_ROW_IN_PLACE, .n_in = 3,
	.roles = roles, .reads = reads, .fwd = fwd, .bwd = bwd,
	.formula = formula,
};

static rnf_val lower(const void *self, struct rnf_graph *graph, const rnf_val *in, size_t n_in)
{
	int64_t x[4] = { 0 };
	(void)n_in;
	if (in[0] < 0) return in[0];
	graph->shape(graph, in[0], x);
	const rnf_val gamma = rnf_vector(graph, "gamma", x[3], 1);
	const rnf_val beta = rnf_vector(graph, "beta", x[3], 0);
	return graph->rows(graph, (rnf_val[]){ in[0], gamma, beta }, 3, 0, &row, self);
}

static const struct rnf_layer_impl impl = { .inputs = 1, .lower = lower };

RNF_PLUGIN(layer, layernorm, "the channels of each pixel normalised", &params, impl);
