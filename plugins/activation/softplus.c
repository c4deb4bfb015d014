/* softplus: log(1 + exp(beta x)) / beta, and x itself where beta x is above threshold.
 * Shapes: any, y as x. Source: PyTorch, torch.nn.Softplus; Dugas et al. 2000.
 *
 * With t = beta x and e = exp(-|t|), log(1 + exp(t)) = max(t, 0) + log(1 + e), and
 * log(1 + e) = 2 (s + s^3 / 3 + ... + s^13 / 13), s = e / (2 + e) <= 1 / 3, whose
 * relative error is below 2e-8: nothing overflows or cancels. The slope is the sigmoid
 * of t, as in silu. What rnf_expf gives at its limit is taken off, so that a huge -t
 * meets a true 0. */
#include <math.h>
#include <rnframe/activation.h>
#include <rnframe/vmath.h>

struct conf {
	double beta, threshold;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_FLOAT(struct conf, beta, 1, 1e-3, 1e3, "", "sharpness of the bend"),
	RNF_FLOAT(struct conf, threshold, 20, 0, 1e6, "", "y is x where beta x is above it"));

/* log(1 + e) for e in [0, 1] */
static inline float log_above_1(float e)
{
	const float s = e / (2.0f + e), square = s * s;
	float p = 1.0f / 13.0f;
	p = p * square + 1.0f / 11.0f;
	p = p * square + 1.0f / 9.0f;
	p = p * square + 1.0f / 7.0f;
	p = p * square + 1.0f / 5.0f;
	p = p * square + 1.0f / 3.0f;
	return 2.0f * (p * square * s + s);
}

struct bend {
	float beta, inverse, threshold;
};

/* The tests are ordered so that a NaN falls through to t and e. */
static inline float softplus(const void *parameters, float x, float *slope)
{
	const struct bend bend = *(const struct bend *)parameters;
	const float t = bend.beta * x;
	const float e = rnf_expf(-fabsf(t)) - rnf_expf(-87.0f);
	const float large = 1.0f / (1.0f + e), small = e * large;
	const float positive = t < 0.0f ? 0.0f : t;
	const float bent = (positive + log_above_1(e)) * bend.inverse;
	*slope = t > bend.threshold ? 1.0f : t < 0.0f ? small : large;
	return t > bend.threshold ? x : bent;
}

/* y or dx may be NULL. */
RNF_INLINE void both(const struct conf *conf, size_t n, const float *x, const float *dy,
		     float *y, float *dx)
{
	const struct bend bend = { (float)conf->beta, (float)(1.0 / conf->beta),
				   (float)conf->threshold };
	rnf_elements_of(softplus, &bend, n, x, dy, y, dx);
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
	const double t = conf->beta * x;
	*slope = t > conf->threshold ? 1.0 : 1.0 / (1.0 + exp(-t));
	return t > conf->threshold ? x : (fmax(t, 0.0) + log1p(exp(-fabs(t)))) / conf->beta;
}

/* 1 where t is above the threshold, else 0: no float is so close to it that it falls between. */
static int32_t step(struct rnf_formula *f, int32_t t, double threshold)
{
	const int32_t above = f->apply(f, RNF_FN_SUB, t, f->number(f, threshold));
	const int32_t far = f->apply(f, RNF_FN_MUL, above, f->number(f, 1e30));
	const int32_t positive = f->apply(f, RNF_FN_MAX, far, f->number(f, 0));
	return f->apply(f, RNF_FN_MIN, positive, f->number(f, 1));
}

/* A curve that meets the line at the threshold; where that is set low it jumps. */
static int32_t formula(const void *self, struct rnf_formula *f, int32_t x)
{
	const struct conf *conf = self;
	const int32_t t = f->apply(f, RNF_FN_MUL, x, f->number(f, conf->beta));
	const int32_t y = f->apply(f, RNF_FN_DIV, f->apply(f, RNF_FN_SOFTPLUS, t, 0),
				   f->number(f, conf->beta));
	if (conf->threshold >= 16) return y;
	const int32_t line = step(f, t, conf->threshold);
	const int32_t curve = f->apply(f, RNF_FN_SUB, f->number(f, 1), line);
	return f->apply(f, RNF_FN_ADD, f->apply(f, RNF_FN_MUL, x, line),
			f->apply(f, RNF_FN_MUL, y, curve));
}

static const struct rnf_activation_impl impl = {
	.fwd = fwd,
	.bwd = bwd,
	.fwd_bwd = fwd_bwd,
	.ref = ref,
	.formula = formula,
};
RNF_PLUGIN(activation, softplus, "log(1 + exp(beta x)) / beta", &params, impl)
