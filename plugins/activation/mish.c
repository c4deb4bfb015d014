/* mish: x tanh(softplus(x)), softplus(x) = log(1 + exp(x)). Shapes: any, y as x.
 * Source: Misra 2019 (arXiv 1908.08681), equation 1.
 *
 * With e = exp(x) and n = e (e + 2), tanh(softplus(x)) = n / (n + 2), and the
 * slope is n / (n + 2) + x 4 e (e + 1) / (n + 2)^2: both factors are of positive terms, so
 * nothing cancels for x < 0. From x = 20 on both are x and 1 in a float, so e
 * may stop at 1e18, where n is still finite. What rnf_expf gives at its lower
 * limit is taken off, and the second factor is 0 beyond e's own limit, so that a
 * huge x meets a true 0. (A clamp of x on top of rnf_expf's is slower: the
 * compiler multiplies the cases.) */
#include <math.h>
#include <rnframe/activation.h>
#include <rnframe/vmath.h>

static inline float mish(float x, float *slope)
{
	const float raised = rnf_expf(x) - rnf_expf(-87.0f);
	const float e = raised > 1e18f ? 1e18f : raised;
	const float n = e * (e + 2.0f), inverse = 1.0f / (n + 2.0f);
	const float rest = 4.0f * (e * inverse) * ((e + 1.0f) * inverse);
	*slope = n * inverse + x * (rest > 5e-36f ? rest : 0.0f);
	return x * (n * inverse);
}

RNF_MULTIARCH static void fwd(const void *self, const struct rnf_tile *tile,
			      size_t n, const float *x, float *y)
{
	(void)self, (void)tile;
	for (size_t i = 0; i < n; i++) {
		float slope;
		y[i] = mish(x[i], &slope);
	}
}

RNF_MULTIARCH static void bwd(const void *self, const struct rnf_tile *tile,
			      size_t n, const float *x, const float *dy, float *dx)
{
	(void)self, (void)tile;
	for (size_t i = 0; i < n; i++) {
		float slope;
		mish(x[i], &slope);
		dx[i] = dy[i] * slope;
	}
}

RNF_MULTIARCH static void fwd_bwd(const void *self, const struct rnf_tile *tile,
				  size_t n, const float *x, const float *dy,
				  float *y, float *dx)
{
	(void)self, (void)tile;
	for (size_t i = 0; i < n; i++) {
		const float d = dy[i];
		float slope;
		const float value = mish(x[i], &slope);
		y[i] = value;
		dx[i] = d * slope;
	}
}

static double ref(const void *self, double x, double *slope)
{
	(void)self;
	const double softplus = x > 30.0 ? x : log1p(exp(x));
	const double t = tanh(softplus);
	*slope = t + x * (1.0 - t * t) / (1.0 + exp(-x));
	return x * t;
}

static const struct rnf_activation_impl impl = {
	.fwd = fwd,
	.bwd = bwd,
	.fwd_bwd = fwd_bwd,
	.ref = ref,
};
RNF_PLUGIN(activation, mish, "x tanh(softplus(x))", NULL, impl)
