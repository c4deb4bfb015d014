/* relu6: min(max(x, 0), 6); the slope is 0 at 0 and at 6. Shapes: any, y as x.
 * Source: PyTorch, torch.nn.ReLU6; Howard et al. 2017 (arXiv 1704.04861). */
#include <rnframe/activation.h>
#include <rnframe/vmath.h>

/* The tests are ordered so that a NaN falls through to x itself. */
static inline float relu6(float x, float *slope)
{
	const float positive = x < 0.0f ? 0.0f : x;
	*slope = x <= 0.0f || x >= 6.0f ? 0.0f : x > 0.0f ? 1.0f : x;
	return positive > 6.0f ? 6.0f : positive;
}

RNF_MULTIARCH static void fwd(const void *self, const struct rnf_tile *tile,
			      size_t n, const float *x, float *y)
{
	(void)self, (void)tile;
	rnf_element_fwd(relu6, n, x, y);
}

RNF_MULTIARCH static void bwd(const void *self, const struct rnf_tile *tile,
			      size_t n, const float *x, const float *dy, float *dx)
{
	(void)self, (void)tile;
	rnf_element_bwd(relu6, n, x, dy, dx);
}

RNF_MULTIARCH static void fwd_bwd(const void *self, const struct rnf_tile *tile,
				  size_t n, const float *x, const float *dy,
				  float *y, float *dx)
{
	(void)self, (void)tile;
	rnf_element_fwd_bwd(relu6, n, x, dy, y, dx);
}

static double ref(const void *self, double x, double *slope)
{
	(void)self;
	*slope = x > 0.0 && x < 6.0 ? 1.0 : 0.0;
	return x <= 0.0 ? 0.0 : x >= 6.0 ? 6.0 : x;
}

static int32_t formula(const void *self, struct rnf_formula *f, int32_t x)
{
	(void)self;
	const int32_t above = f->apply(f, RNF_FN_MAX, x, f->number(f, 0));
	return f->apply(f, RNF_FN_MIN, above, f->number(f, 6));
}

static const struct rnf_activation_impl impl = {
	.fwd = fwd,
	.bwd = bwd,
	.fwd_bwd = fwd_bwd,
	.ref = ref,
	.formula = formula,
};
RNF_PLUGIN(activation, relu6, "min(max(x, 0), 6)", NULL, impl)
