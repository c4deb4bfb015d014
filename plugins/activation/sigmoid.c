/* sigmoid: s = 1 / (1 + exp(-x)). Shapes: any, y as x.
 *
 * With e = exp(-x), 1 - s = e s, so that the slope s (1 - s) does not cancel
 * for large x. */
#include <math.h>
#include <rnframe/activation.h>
#include <rnframe/vmath.h>

static inline float sigmoid(float x, float *slope)
{
	const float e = rnf_expf(-x), s = 1.0f / (1.0f + e);
	*slope = (e * s) * s;
	return s;
}

RNF_MULTIARCH static void fwd(const void *self, const struct rnf_tile *tile,
			      size_t n, const float *x, float *y)
{
	(void)self, (void)tile;
	rnf_element_fwd(sigmoid, n, x, y);
}

RNF_MULTIARCH static void bwd(const void *self, const struct rnf_tile *tile,
			      size_t n, const float *x, const float *dy, float *dx)
{
	(void)self, (void)tile;
	rnf_element_bwd(sigmoid, n, x, dy, dx);
}

RNF_MULTIARCH static void fwd_bwd(const void *self, const struct rnf_tile *tile,
				  size_t n, const float *x, const float *dy,
				  float *y, float *dx)
{
	(void)self, (void)tile;
	rnf_element_fwd_bwd(sigmoid, n, x, dy, y, dx);
}

static double ref(const void *self, double x, double *slope)
{
	(void)self;
	*slope = 1.0 / (2.0 + exp(x) + exp(-x));
	return 1.0 / (1.0 + exp(-x));
}

static int32_t formula(const void *self, struct rnf_formula *f, int32_t x)
{
	(void)self;
	return f->apply(f, RNF_FN_SIGMOID, x, 0);
}

static const struct rnf_activation_impl impl = {
	.fwd = fwd,
	.bwd = bwd,
	.fwd_bwd = fwd_bwd,
	.ref = ref,
	.formula = formula,
};
RNF_PLUGIN(activation, sigmoid, "1 / (1 + exp(-x))", NULL, impl)
