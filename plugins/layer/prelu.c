/* prelu: y = x where x > 0, else a[c] x. x, y (h, w, c); a (c), or (1) where it is shared.
 * da = the sum of dy x where x <= 0; dx = dy or a dy. No L2 on a.
 * Source: He et al. 2015 (arXiv 1502.01852), equation 1; torch.nn.PReLU, which starts at
 * 0.25, too. */
#include <rnframe/learned.h>

struct conf {
	double slope;
	int32_t shared;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_FLOAT(struct conf, slope, 0.25, -10, 10, "", "that a starts with"),
	RNF_BOOL(struct conf, shared, 0, "one a for all channels"));

static inline float prelu(float x, float a)
{
	return x > 0 ? x : a * x;
}

static inline float to_x(float x, float a, float dy)
{
	return x > 0 ? dy : a * dy;
}

static inline float to_slope(float x, float a, float dy)
{
	(void)a;
	return x > 0 ? 0 : dy * x;
}

RNF_MULTIARCH
static void fwd(const void *self, const struct rnf_tile *tile, const float *const *in, float *y)
{
	rnf_learned_fwd(prelu, ((const struct conf *)self)->shared, tile, in, y);
}

RNF_MULTIARCH
static void bwd(const void *self, const struct rnf_tile *tile, uint32_t i,
		const float *const *in, const float *dy, float *d)
{
	rnf_learned_bwd(to_x, to_slope, ((const struct conf *)self)->shared, tile, i, in, dy, d);
}

static int32_t formula(const void *self, struct rnf_formula *f, const int32_t *in)
{
	const int32_t zero = f->number(f, 0);
	const int32_t below = f->apply(f, RNF_FN_MIN, in[0], zero);
	(void)self;
	return f->apply(f, RNF_FN_ADD, f->apply(f, RNF_FN_MAX, in[0], zero),
			f->apply(f, RNF_FN_MUL, below, in[1]));
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
	return rnf_learned_lower(graph, in[0], "slope", conf->slope, conf->shared, &row, conf);
}

static const struct rnf_layer_impl impl = { .inputs = 1, .lower = lower };

RNF_PLUGIN(layer, prelu, "rectifier whose slope below 0 is learned", &params, impl);
