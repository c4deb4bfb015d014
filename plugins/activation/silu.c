/* silu (swish): x s with s = 1 / (1 + exp(-x)). Shapes: any, y as x.
 * Source: Elfwing, Uchibe, Doya 2017 (arXiv 1702.03118).
 *
 * The slope is s + x s (1 - s). With e = exp(-|x|) the smaller of s and 1 - s
 * is e / (1 + e) and the larger 1 / (1 + e): nothing overflows or cancels. What
 * rnf_expf gives at its limit is taken off, so that a huge x meets a true 0. */
#include <math.h>
#include <rnframe/activation.h>
#include <rnframe/vmath.h>

static inline float silu(float x, float *slope)
{
	const float e = rnf_expf(-fabsf(x)) - rnf_expf(-87.0f);
	const float large = 1.0f / (1.0f + e), small = e * large;
	const float s = x < 0.0f ? small : large;
	*slope = s + x * (large * small);
	return x * s;
}

RNF_MULTIARCH static void fwd(const void *self, const struct rnf_tile *tile,
			      size_t n, const float *x, float *y)
{
	(void)self, (void)tile;
	rnf_element_fwd(silu, n, x, y);
}

RNF_MULTIARCH static void bwd(const void *self, const struct rnf_tile *tile,
			      size_t n, const float *x, const float *dy, float *dx)
{
	(void)self, (void)tile;
	rnf_element_bwd(silu, n, x, dy, dx);
}

RNF_MULTIARCH static void fwd_bwd(const void *self, const struct rnf_tile *tile,
				  size_t n, const float *x, const float *dy,
				  float *y, float *dx)
{
	(void)self, (void)tile;
	rnf_element_fwd_bwd(silu, n, x, dy, y, dx);
}

static double ref(const void *self, double x, double *slope)
{
	(void)self;
	const double s = 1.0 / (1.0 + exp(-x));
	*slope = s + x / (2.0 + exp(x) + exp(-x));
	return x * s;
}

static int32_t formula(const void *self, struct rnf_formula *f, int32_t x)
{
	(void)self;
	return f->apply(f, RNF_FN_MUL, x, f->apply(f, RNF_FN_SIGMOID, x, 0));
}

static const struct rnf_activation_impl impl = {
	.fwd = fwd,
	.bwd = bwd,
	.fwd_bwd = fwd_bwd,
	.ref = ref,
	.formula = formula,
};
RNF_PLUGIN(activation, silu, "x / (1 + exp(-x)), also called swish", NULL, impl)
