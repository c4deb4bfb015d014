/* elu: x above 0, alpha (exp(x) - 1) elsewhere. Shapes: any, y as x.
 * Source: PyTorch, torch.nn.ELU; Clevert, Unterthiner and Hochreiter 2015
 * (arXiv 1511.07289).
 *
 * From -0.4 on exp(x) - 1 would cancel: there it is the Taylor polynomial of degree 7,
 * whose relative error is below 5e-8. What rnf_expf gives at its limit is taken off, so
 * that the slope of a huge -x is a true 0. */
#include <math.h>
#include <rnframe/activation.h>
#include <rnframe/vmath.h>

struct conf {
	double alpha;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_FLOAT(struct conf, alpha, 1, -100, 100, "", "-y of a huge -x"));

/* exp(x) - 1 for x in [-0.4, 0] */
static inline float near_zero(float x)
{
	float p = 1.0f / 5040.0f;
	p = p * x + 1.0f / 720.0f;
	p = p * x + 1.0f / 120.0f;
	p = p * x + 1.0f / 24.0f;
	p = p * x + 1.0f / 6.0f;
	p = p * x + 0.5f;
	return p * x * x + x;
}

static inline float elu(const void *parameters, float x, float *slope)
{
	const float alpha = *(const float *)parameters;
	const float below = x > 0.0f ? 0.0f : x;
	const float e = rnf_expf(below) - rnf_expf(-87.0f);
	const float less = below >= -0.4f ? near_zero(below) : e - 1.0f;
	*slope = x > 0.0f ? 1.0f : alpha * e;
	return x > 0.0f ? x : alpha * less;
}

/* y or dx may be NULL. */
RNF_INLINE void both(const struct conf *conf, size_t n, const float *x, const float *dy,
		     float *y, float *dx)
{
	const float alpha = (float)conf->alpha;
	rnf_elements_of(elu, &alpha, n, x, dy, y, dx);
}

RNF_MULTIARCH static void fwd(const void *self, const struct rnf_tile *tile,
			      size_t n, const float *x, float *y)
{
	(void)tile;
	both(self, n, x, NULL, y, NULL);
}

RNF_MULTIARCH static void bwd(const void *self, const struct rnf_tile *tile,
			      size_t n, const float *x, const float *dy, float *dx)
{
	(void)tile;
	both(self, n, x, dy, NULL, dx);
}

RNF_MULTIARCH static void fwd_bwd(const void *self, const struct rnf_tile *tile,
				  size_t n, const float *x, const float *dy,
				  float *y, float *dx)
{
	(void)tile;
	both(self, n, x, dy, y, dx);
}

static double ref(const void *self, double x, double *slope)
{
	const struct conf *conf = self;
	*slope = x > 0.0 ? 1.0 : conf->alpha * exp(x);
	return x > 0.0 ? x : conf->alpha * expm1(x);
}

static int32_t formula(const void *self, struct rnf_formula *f, int32_t x)
{
	const struct conf *conf = self;
	const int32_t zero = f->number(f, 0);
	const int32_t e = f->apply(f, RNF_FN_EXP, f->apply(f, RNF_FN_MIN, x, zero), 0);
	const int32_t less = f->apply(f, RNF_FN_SUB, e, f->number(f, 1));
	return f->apply(f, RNF_FN_ADD, f->apply(f, RNF_FN_MAX, x, zero),
			f->apply(f, RNF_FN_MUL, less, f->number(f, conf->alpha)));
}

static const struct rnf_activation_impl impl = {
	.fwd = fwd,
	.bwd = bwd,
	.fwd_bwd = fwd_bwd,
	.ref = ref,
	.formula = formula,
};
RNF_PLUGIN(activation, elu, "x above 0, alpha (exp(x) - 1) elsewhere", &params, impl)
