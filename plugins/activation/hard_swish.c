/* hard_swish: x min(max(x + 3, 0), 6) / 6, a silu of straight lines and a parabola.
 * The slope is 0 below -3, 1 above 3, x / 3 + 1 / 2 between. Shapes: any, y as x.
 * Source: PyTorch, torch.nn.Hardswish; Howard et al. 2019 (arXiv 1905.02244).
 *
 * The gate is divided by 6 before x is multiplied, so that a huge x stays finite. */
#include <rnframe/activation.h>
#include <rnframe/vmath.h>

/* The tests are ordered so that a NaN falls through to x itself. */
static inline float hard_swish(float x, float *slope)
{
	const float up = x + 3.0f;
	const float positive = up < 0.0f ? 0.0f : up;
	const float gate = (positive > 6.0f ? 6.0f : positive) / 6.0f;
	const float between = x / 3.0f + 0.5f;
	*slope = x <= -3.0f ? 0.0f : x >= 3.0f ? 1.0f : between;
	return x * gate;
}

RNF_MULTIARCH static void fwd(const void *self, const struct rnf_tile *tile,
			      size_t n, const float *x, float *y)
{
	(void)self, (void)tile;
	rnf_element_fwd(hard_swish, n, x, y);
}

RNF_MULTIARCH static void bwd(const void *self, const struct rnf_tile *tile,
			      size_t n, const float *x, const float *dy, float *dx)
{
	(void)self, (void)tile;
	rnf_element_bwd(hard_swish, n, x, dy, dx);
}

RNF_MULTIARCH static void fwd_bwd(const void *self, const struct rnf_tile *tile,
				  size_t n, const float *x, const float *dy,
				  float *y, float *dx)
{
	(void)self, (void)tile;
	rnf_element_fwd_bwd(hard_swish, n, x, dy, y, dx);
}

static double ref(const void *self, double x, double *slope)
{
	(void)self;
	*slope = x <= -3.0 ? 0.0 : x >= 3.0 ? 1.0 : x / 3.0 + 0.5;
	return x <= -3.0 ? 0.0 : x >= 3.0 ? x : x * (x + 3.0) / 6.0;
}

static int32_t formula(const void *self, struct rnf_formula *f, int32_t x)
{
	(void)self;
	const int32_t up = f->apply(f, RNF_FN_ADD, x, f->number(f, 3));
	const int32_t above = f->apply(f, RNF_FN_MAX, up, f->number(f, 0));
	const int32_t gate = f->apply(f, RNF_FN_MIN, above, f->number(f, 6));
	return f->apply(f, RNF_FN_MUL, x, f->apply(f, RNF_FN_DIV, gate, f->number(f, 6)));
}

static const struct rnf_activation_impl impl = {
	.fwd = fwd,
	.bwd = bwd,
	.fwd_bwd = fwd_bwd,
	.ref = ref,
	.formula = formula,
};
RNF_PLUGIN(activation, hard_swish, "x min(max(x + 3, 0), 6) / 6", NULL, impl)
