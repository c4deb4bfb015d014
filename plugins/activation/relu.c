/* relu: max(x, 0); the slope at 0 is 0. Shapes: any, y as x.
 * Source: Nair and Hinton 2010. */
#include <rnframe/activation.h>
#include <rnframe/vmath.h>

/* The tests are ordered so that a NaN falls through to x itself. */
static inline float relu(float x, float *slope)
{
	*slope = x > 0.0f ? 1.0f : x <= 0.0f ? 0.0f : x;
	return x < 0.0f ? 0.0f : x;
}

RNF_MULTIARCH static void fwd(const void *self, const struct rnf_tile *tile,
			      size_t n, const float *x, float *y)
{
	(void)self, (void)tile;
	rnf_element_fwd(relu, n, x, y);
}

RNF_MULTIARCH static void bwd(const void *self, const struct rnf_tile *tile,
			      size_t n, const float *x, const float *dy, float *dx)
{
	(void)self, (void)tile;
	rnf_element_bwd(relu, n, x, dy, dx);
}

RNF_MULTIARCH static void fwd_bwd(const void *self, const struct rnf_tile *tile,
				  size_t n, const float *x, const float *dy,
				  float *y, float *dx)
{
	(void)self, (void)tile;
	rnf_element_fwd_bwd(relu, n, x, dy, y, dx);
}

static double ref(const void *self, double x, double *slope)
{
	(void)self;
	*slope = x > 0.0 ? 1.0 : 0.0;
	return x > 0.0 ? x : 0.0;
}

static int32_t formula(const void *self, struct rnf_formula *f, int32_t x)
{
	(void)self;
	return f->apply(f, RNF_FN_MAX, x, f->number(f, 0));
}

static const struct rnf_activation_impl impl = {
	.fwd = fwd,
	.bwd = bwd,
	.fwd_bwd = fwd_bwd,
	.ref = ref,
	.formula = formula,
};
RNF_PLUGIN(activation, relu, "max(x, 0)", NULL, impl)
