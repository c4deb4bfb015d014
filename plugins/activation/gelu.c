/* gelu: x P(x), P(x) = (1 + erf(x / sqrt(2))) / 2, the normal distribution (not
 * the tanh approximation). Shapes: any, y as x.
 * Source: Hendrycks and Gimpel 2016 (arXiv 1606.08415).
 *
 * erf by Abramowitz and Stegun, formula 7.1.26: for z >= 0
 *   1 - erf(z) = (a1 t + ... + a5 t^5) exp(-z^2) + eps,  t = 1 / (1 + p z),
 * |eps| <= 1.5e-7; P is half of that for x < 0 and 1 minus it for x > 0. The
 * same exp(-x^2 / 2) gives the slope, P(x) + x exp(-x^2 / 2) / sqrt(2 pi). What
 * rnf_expf gives at its limit is taken off, so that a huge x meets a true 0. */
#include <math.h>
#include <rnframe/activation.h>
#include <rnframe/vmath.h>

static inline float gelu(float x, float *slope)
{
	const float t = 1.0f / (1.0f + 0.231641888f * fabsf(x)); /* p / sqrt(2) */
	const float e = rnf_expf(-0.5f * x * x) - rnf_expf(-87.0f);
	float tail = 1.061405429f;
	tail = tail * t - 1.453152027f;
	tail = tail * t + 1.421413741f;
	tail = tail * t - 0.284496736f;
	tail = tail * t + 0.254829592f;
	tail = 0.5f * tail * t * e;
	const float p = x < 0.0f ? tail : 1.0f - tail;
	*slope = p + x * e * 0.398942280f; /* 1 / sqrt(2 pi) */
	return x * p;
}

RNF_MULTIARCH static void fwd(const void *self, const struct rnf_tile *tile,
			      size_t n, const float *x, float *y)
{
	(void)self, (void)tile;
	rnf_element_fwd(gelu, n, x, y);
}

RNF_MULTIARCH static void bwd(const void *self, const struct rnf_tile *tile,
			      size_t n, const float *x, const float *dy, float *dx)
{
	(void)self, (void)tile;
	rnf_element_bwd(gelu, n, x, dy, dx);
}

RNF_MULTIARCH static void fwd_bwd(const void *self, const struct rnf_tile *tile,
				  size_t n, const float *x, const float *dy,
				  float *y, float *dx)
{
	(void)self, (void)tile;
	rnf_element_fwd_bwd(gelu, n, x, dy, y, dx);
}

static double ref(const void *self, double x, double *slope)
{
	(void)self;
	const double p = 0.5 * erfc(-x * 0.70710678118654752);
	*slope = p + x * exp(-0.5 * x * x) * 0.39894228040143268;
	return x * p;
}

static int32_t formula(const void *self, struct rnf_formula *f, int32_t x)
{
	(void)self;
	const int32_t z = f->apply(f, RNF_FN_MUL, x, f->number(f, 0.70710678118654752));
	const int32_t twice = f->apply(f, RNF_FN_ADD, f->apply(f, RNF_FN_ERF, z, 0),
				       f->number(f, 1));
	return f->apply(f, RNF_FN_MUL, x, f->apply(f, RNF_FN_MUL, twice, f->number(f, 0.5)));
}

static const struct rnf_activation_impl impl = {
	.fwd = fwd,
	.bwd = bwd,
	.fwd_bwd = fwd_bwd,
	.ref = ref,
	.formula = formula,
};
RNF_PLUGIN(activation, gelu, "x (1 + erf(x / sqrt(2))) / 2, the exact form", NULL, impl)
