/* gem_pool: y = (the mean of max(x, eps)^p over the image)^(1 / p), the generalised mean: the
 * mean of what is above 0 for p = 1, the maximum for p -> infinity. x (h, w, c); y (1, 1, c);
 * p (1), learned, no L2; must stay above 0.
 * With z = max(x, eps)^p and m = mean(z): dx = dz p z / x where x >= eps, else 0;
 * dp = the sum of dz z log(max(x, eps)) - the sum of dy y log(m) / p^2; dm = dy y / (p m).
 * Source: Radenovic, Tolias and Chum 2018 (arXiv 1711.02512); in PyTorch
 * x.clamp(min=eps).pow(p).mean((h, w)).pow(1 / p). */
#include <rnframe/layer.h>
#include <rnframe/vmath.h>

struct conf {
	double p, eps;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_FLOAT(struct conf, p, 3, 0.1, 100, "", "that p starts with"),
	RNF_FLOAT(struct conf, eps, 1e-6, 1e-12, 1, "", "smaller values count as this"));

/* log(x) of a normal x > 0: x = 2^e m with m within a factor of sqrt(2) around 1, and
 * log(m) = 2 atanh(q), q = (m - 1) / (m + 1), |q| < 0.172: the terms left out are below
 * 1e-9. What is not finite gives NaN. */
RNF_INLINE float log_of(float x)
{
	uint32_t bits;
	float m;
	memcpy(&bits, &x, sizeof bits);
	const int32_t e = (int32_t)(bits - 0x3f3504f3u) >> 23; /* that of sqrt(1 / 2) */
	bits -= (uint32_t)e << 23;
	memcpy(&m, &bits, sizeof m);
	const float q = (m - 1) / (m + 1), r = q * q;
	const float series = ((0.222222222f * r + 0.285714286f) * r + 0.4f) * r + 0.666666667f;
	const float low = 1.42860677e-6f * (float)e + (2 * q + q * (r * series));
	return 0.693145752f * (float)e + low + (x - x);
}

/* What x counts as; NaN stays one. */
RNF_INLINE float clamp(float x, float eps)
{
	return x < eps ? eps : x;
}

/* -- z = max(x, eps)^p -- */

RNF_MULTIARCH
static void power(const void *self, const struct rnf_tile *tile, const float *const *in, float *z)
{
	const float eps = (float)((const struct conf *)self)->eps, p = in[1][0];
	const float *x = in[0];
	for (int64_t i = 0; i < tile->pixels * tile->channels; i++)
		z[i] = rnf_expf(p * log_of(clamp(x[i], eps)));
}

RNF_INLINE void power_to_x(int64_t n, float eps, float p, const float *x, const float *dz,
			   float *dx)
{
	for (int64_t i = 0; i < n; i++) {
		const float z = rnf_expf(p * log_of(clamp(x[i], eps)));
		dx[i] = x[i] < eps ? 0 * dz[i] : dz[i] * (p * z / x[i]);
	}
}

/* In the order of the floats, whatever the tiles. */
RNF_INLINE void power_to_p(int64_t n, float eps, float p, const float *x, const float *dz,
			   float *dp)
{
	for (int64_t i = 0; i < n; i++) {
		const float log = log_of(clamp(x[i], eps));
		*dp += dz[i] * (rnf_expf(p * log) * log);
	}
}

RNF_MULTIARCH
static void power_bwd(const void *self, const struct rnf_tile *tile, uint32_t i,
		      const float *const *in, const float *dz, float *d)
{
	const float eps = (float)((const struct conf *)self)->eps, p = in[1][0];
	const int64_t n = tile->pixels * tile->channels;
	if (i == 0) power_to_x(n, eps, p, in[0], dz, d);
	else power_to_p(n, eps, p, in[0], dz, d);
}

/* -- y = m^(1 / p), of one pixel -- */

RNF_MULTIARCH
static void root(const void *self, const struct rnf_tile *tile, const float *const *in, float *y)
{
	const float *m = in[0], p = in[1][0];
	(void)self;
	for (int64_t i = 0; i < tile->pixels * tile->channels; i++)
		y[i] = rnf_expf(log_of(m[i]) / p);
}

RNF_MULTIARCH
static void root_bwd(const void *self, const struct rnf_tile *tile, uint32_t i,
		     const float *const *in, const float *dy, float *d)
{
	const float *m = in[0], p = in[1][0];
	(void)self;
	for (int64_t k = 0; k < tile->pixels * tile->channels; k++) {
		const float log = log_of(m[k]), slope = dy[k] * rnf_expf(log / p) / p;
		if (i == 0) d[k] = slope / m[k];
		else d[0] -= slope * (log / p);
	}
}

static int32_t power_formula(const void *self, struct rnf_formula *f, const int32_t *in)
{
	const struct conf *conf = self;
	const int32_t x = f->apply(f, RNF_FN_MAX, in[0], f->number(f, conf->eps));
	const int32_t log = f->apply(f, RNF_FN_LOG, x, 0);
	return f->apply(f, RNF_FN_EXP, f->apply(f, RNF_FN_MUL, log, in[1]), 0);
}

static int32_t root_formula(const void *self, struct rnf_formula *f, const int32_t *in)
{
	const int32_t log = f->apply(f, RNF_FN_LOG, in[0], 0);
	(void)self;
	return f->apply(f, RNF_FN_EXP, f->apply(f, RNF_FN_DIV, log, in[1]), 0);
}

static const uint32_t roles[] = { RNF_IN_TILE, RNF_IN_WEIGHT };
static const struct rnf_row_impl power_row = {
	.size = sizeof power_row, .flags = RNF_ROW_CHEAP | RNF_ROW_IN_PLACE, .n_in = 2,
	.roles = roles, .fwd = power, .bwd = power_bwd, .formula = power_formula,
};
static const struct rnf_row_impl root_row = {
	.size = sizeof root_row, .flags = RNF_ROW_CHEAP | RNF_ROW_IN_PLACE, .n_in = 2,
	.roles = roles, .fwd = root, .bwd = root_bwd, .formula = root_formula,
};

static rnf_val lower(const void *self, struct rnf_graph *graph, const rnf_val *in, size_t n_in)
{
	const struct conf *conf = self;
	(void)n_in;
	if (in[0] < 0) return in[0];
	const rnf_val p = rnf_vector(graph, "p", 1, conf->p);
	const rnf_val z = graph->rows(graph, (rnf_val[]){ in[0], p }, 2, 0, &power_row, conf);
	const rnf_val m = graph->global_avgpool(graph, z);
	return graph->rows(graph, (rnf_val[]){ m, p }, 2, 0, &root_row, conf);
}

static const struct rnf_layer_impl impl = { .inputs = 1, .lower = lower };

RNF_PLUGIN(layer, gem_pool, "generalised mean over the image, its power is learned", &params, impl);
