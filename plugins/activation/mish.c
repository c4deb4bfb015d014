/* mish: x tanh(softplus(x)), softplus(x) = log(1 + exp(x)). Shapes: any, y as x.
 * Source: Misra 2019 (arXiv 1908.08681), equation 1.
 *
 * With e = exp(x) and n = e (e + 2), tanh(softplus(x)) = n / (n + 2), and the
 * slope is n / (n + 2) + x 4 (n - e) / (n + 2)^2: nothing cancels for x < 0. From
 * x = 20 on both are x and 1 in a float, so that e may stop at exp(21), where
 * 1 / (n + 2)^2 is still a normal number. What rnf_expf gives at its lower limit is
 * taken off where y is made, so that a huge -x meets a true 0; the slope's x stays
 * within e's limits, where its second term becomes too small to be seen. */
#include <math.h>
#include <rnframe/activation.h>
#include <rnframe/vmath.h>

/* y and slope may be NULL. */
RNF_INLINE void mish(const struct rnf_wide *x, struct rnf_wide *y,
		     struct rnf_wide *slope)
{
	struct rnf_wide within = *x, e, n, inverse;
	rnf_wide_clamp(&within, -87.0f, 21.0f);
	e = within;
	rnf_wide_exp_within(&e);
	RNF_UNROLL
	for (int i = 0; i < RNF_SIDES; i++)
		n.v[i] = e.v[i] * (e.v[i] + 2.0f);
	RNF_UNROLL
	for (int i = 0; i < RNF_SIDES; i++) {
		inverse.v[i] = 1.0f / (n.v[i] + 2.0f);
		n.v[i] -= 2.0f * rnf_expf(-87.0f);
	}
	RNF_UNROLL
	for (int i = 0; y && i < RNF_SIDES; i++)
		y->v[i] = x->v[i] * (n.v[i] * inverse.v[i]);
	RNF_UNROLL
	for (int i = 0; slope && i < RNF_SIDES; i++) {
		const rnf_strip nan = x->v[i] - x->v[i]; /* NaN where x is, else 0 */
		const rnf_strip rest = (n.v[i] - e.v[i]) * (inverse.v[i] * inverse.v[i]);
		slope->v[i] = n.v[i] * inverse.v[i] + (4.0f * within.v[i] + nan) * rest;
	}
}

/* n <= RNF_WIDE elements; y or dx may be NULL. */
RNF_INLINE void both(size_t n, const float *x, const float *dy, float *y, float *dx)
{
	struct rnf_wide in, out, slope, d;
	rnf_wide_load(&in, x, n);
	mish(&in, y ? &out : NULL, dx ? &slope : NULL);
	if (y) rnf_wide_store(y, &out, n);
	if (!dx) return;
	rnf_wide_load(&d, dy, n);
	RNF_UNROLL
	for (int i = 0; i < RNF_SIDES; i++)
		d.v[i] *= slope.v[i];
	rnf_wide_store(dx, &d, n);
}

RNF_MULTIARCH static void fwd(const void *self, const struct rnf_tile *tile,
			      size_t n, const float *x, float *y)
{
	(void)self, (void)tile;
	size_t i = 0;
	for (; i + RNF_WIDE <= n; i += RNF_WIDE)
		both(RNF_WIDE, x + i, NULL, y + i, NULL);
	if (i < n) both(n - i, x + i, NULL, y + i, NULL);
}

RNF_MULTIARCH static void bwd(const void *self, const struct rnf_tile *tile,
			      size_t n, const float *x, const float *dy, float *dx)
{
	(void)self, (void)tile;
	size_t i = 0;
	for (; i + RNF_WIDE <= n; i += RNF_WIDE)
		both(RNF_WIDE, x + i, dy + i, NULL, dx + i);
	if (i < n) both(n - i, x + i, dy + i, NULL, dx + i);
}

RNF_MULTIARCH static void fwd_bwd(const void *self, const struct rnf_tile *tile,
				  size_t n, const float *x, const float *dy,
				  float *y, float *dx)
{
	(void)self, (void)tile;
	size_t i = 0;
	for (; i + RNF_WIDE <= n; i += RNF_WIDE)
		both(RNF_WIDE, x + i, dy + i, y + i, dx + i);
	if (i < n) both(n - i, x + i, dy + i, y + i, dx + i);
}

static double ref(const void *self, double x, double *slope)
{
	(void)self;
	const double softplus = x > 30.0 ? x : log1p(exp(x));
	const double t = tanh(softplus);
	*slope = t + x * (1.0 - t * t) / (1.0 + exp(-x));
	return x * t;
}

static int32_t formula(const void *self, struct rnf_formula *f, int32_t x)
{
	(void)self;
	const int32_t softplus = f->apply(f, RNF_FN_SOFTPLUS, x, 0);
	return f->apply(f, RNF_FN_MUL, x, f->apply(f, RNF_FN_TANH, softplus, 0));
}

static const struct rnf_activation_impl impl = {
	.fwd = fwd,
	.bwd = bwd,
	.fwd_bwd = fwd_bwd,
	.ref = ref,
	.formula = formula,
};
RNF_PLUGIN(activation, mish, "x tanh(softplus(x))", NULL, impl)
