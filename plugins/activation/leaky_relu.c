/* leaky_relu: x above 0, slope x elsewhere. Shapes: any, y as x.
 * Source: PyTorch, torch.nn.LeakyReLU, whose negative_slope is `slope` here;
 * Maas, Hannun and Ng 2013. */
#include <rnframe/activation.h>
#include <rnframe/vmath.h>

struct conf {
	double slope;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_FLOAT(struct conf, slope, 0.01, -100, 100, "", "of the line below 0"));

/* The tests are ordered so that a NaN falls through to x itself. */
static inline float leaky_relu(const void *parameters, float x, float *slope)
{
	const float below = *(const float *)parameters;
	*slope = x > 0.0f ? 1.0f : x <= 0.0f ? below : x;
	return x > 0.0f ? x : x * below;
}

/* y or dx may be NULL. */
RNF_INLINE void both(const struct conf *conf, size_t n, const float *x, const float *dy,
		     float *y, float *dx)
{
	const float below = (float)conf->slope;
	rnf_elements_of(leaky_relu, &below, n, x, dy, y, dx);
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
	*slope = x > 0.0 ? 1.0 : conf->slope;
	return x * *slope;
}

static int32_t formula(const void *self, struct rnf_formula *f, int32_t x)
{
	const struct conf *conf = self;
	const int32_t zero = f->number(f, 0);
	const int32_t below = f->apply(f, RNF_FN_MIN, x, zero);
	return f->apply(f, RNF_FN_ADD, f->apply(f, RNF_FN_MAX, x, zero),
			f->apply(f, RNF_FN_MUL, below, f->number(f, conf->slope)));
}

static const struct rnf_activation_impl impl = {
	.fwd = fwd,
	.bwd = bwd,
	.fwd_bwd = fwd_bwd,
	.ref = ref,
	.formula = formula,
};
RNF_PLUGIN(activation, leaky_relu, "x above 0, slope x elsewhere", &params, impl)
