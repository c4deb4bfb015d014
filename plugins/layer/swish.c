/* swish: y = x s, s = sigmoid(beta[c] x). x, y (h, w, c); beta (1), or (c) where each channel
 * has its own. dx = dy (s + beta x s (1 - s)), dbeta = the sum of dy x^2 s (1 - s). No L2 on
 * beta.
 * Source: Ramachandran, Zoph and Le 2017 (arXiv 1710.05941); in PyTorch
 * x * torch.sigmoid(beta * x). With beta = 1 for good it is the activation silu. */
#include <math.h>
#include <rnframe/learned.h>

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

static inline float swish(float x, float beta)
{
	float slope;
	return x * gate(beta * x, &slope);
}

static inline float to_x(float x, float beta, float dy)
{
	const float z = beta * x;
	float slope;
	const float s = gate(z, &slope);
	return dy * (s + z * slope);
}

static inline float to_beta(float x, float beta, float dy)
{
	float slope;
	gate(beta * x, &slope);
	return dy * x * (x * slope);
}

RNF_MULTIARCH
static void fwd(const void *self, const struct rnf_tile *tile, const float *const *in, float *y)
{
	rnf_learned_fwd(swish, ((const struct conf *)self)->shared, tile, in, y);
}

RNF_MULTIARCH
static void bwd(const void *self, const struct rnf_tile *tile, uint32_t i,
		const float *const *in, const float *dy, float *d)
{
	rnf_learned_bwd(to_x, to_beta, ((const struct conf *)self)->shared, tile, i, in, dy, d);
}

static int32_t formula(const void *self, struct rnf_formula *f, const int32_t *in)
{
	const int32_t z = f->apply(f, RNF_FN_MUL, in[0], in[1]);
	(void)self;
	return f->apply(f, RNF_FN_MUL, in[0], f->apply(f, RNF_FN_SIGMOID, z, 0));
}

static const struct rnf_row_impl row = {
	.size = sizeof row, .flags = RNF_ROW_CHEAP | RNF_ROW_IN_PLACE, .n_in = 2,
	.roles = rnf_learned_roles, .fwd = fwd, .bwd = bwd,
	.formula = formula,
};

static rnf_val lower(const void *self, struct rnf_graph *graph, const rnf_val *in, size_t n_in)
{
	const struct conf *conf = self;
	(void)n_in;
	return rnf_learned_lower(graph, in[0], "beta", conf->beta, conf->shared, &row, conf);
}

static const struct rnf_layer_impl impl = { .inputs = 1, .lower = lower };

RNF_PLUGIN(layer, swish, "x sigmoid(beta x), whose beta is learned", &params, impl);
