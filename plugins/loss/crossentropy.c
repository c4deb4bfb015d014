/* crossentropy: softmax and cross-entropy of k logits z and a target t which
 * sums to 1, with smoothed labels t' = (1 - s) t + s / k:
 *   log p_i = (z_i - m) - log sum_j exp(z_j - m),  m = max_j z_j
 *   loss = -sum_i t'_i log p_i
 *   d loss / d z_i = p_i - t'_i
 * In double. With the largest logit taken out none overflows, and since it is never added
 * again, logits of any size keep their digits.
 * Source of the smoothing: Szegedy et al. 2015 (arXiv 1512.00567), section 7. */
#include <math.h>
#include <rnframe/training.h>

struct conf {
	double label_smoothing;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_FLOAT(struct conf, label_smoothing, 0, 0, 1, "",
		  "share of the target that is spread over all classes"));

struct softmax {
	double largest, log_sum; /* of exp(z - largest) */
};

static struct softmax softmax_of(size_t k, const float *logits)
{
	double largest = logits[0], sum = 0.0;
	for (size_t i = 1; i < k; i++)
		if (logits[i] > largest) largest = logits[i];
	for (size_t i = 0; i < k; i++)
		sum += exp(logits[i] - largest);
	return (struct softmax){ largest, log(sum) };
}

static double log_p(struct softmax s, float logit)
{
	return (logit - s.largest) - s.log_sum;
}

static double smoothed(double smoothing, size_t k, float target)
{
	return (1.0 - smoothing) * target + smoothing / (double)k;
}

static double cross_entropy(double smoothing, size_t k, const float *logits,
			    const float *target)
{
	const struct softmax s = softmax_of(k, logits);
	double sum = 0.0;
	for (size_t i = 0; i < k; i++)
		sum -= smoothed(smoothing, k, target[i]) * log_p(s, logits[i]);
	return sum;
}

static double loss(const void *self, size_t k, const float *logits,
		   const float *target)
{
	const struct conf *conf = self;
	return cross_entropy(conf->label_smoothing, k, logits, target);
}

static double plain(const void *self, size_t k, const float *logits,
		    const float *target)
{
	(void)self;
	return cross_entropy(0.0, k, logits, target);
}

static void gradient(const void *self, size_t k, const float *logits,
		     const float *target, float factor, float *dlogits)
{
	const struct conf *conf = self;
	const struct softmax s = softmax_of(k, logits);
	for (size_t i = 0; i < k; i++)
		dlogits[i] = (float)(factor * (exp(log_p(s, logits[i])) -
			smoothed(conf->label_smoothing, k, target[i])));
}

static void predict(const void *self, size_t k, const float *logits, float *p)
{
	(void)self;
	const struct softmax s = softmax_of(k, logits);
	for (size_t i = 0; i < k; i++)
		p[i] = (float)exp(log_p(s, logits[i]));
}

static int32_t formula(const void *self, struct rnf_formula *f, int32_t logits)
{
	(void)self;
	return f->apply(f, RNF_FN_SOFTMAX, logits, 0);
}

static const struct rnf_loss_impl impl = {
	.loss = loss,
	.gradient = gradient,
	.predict = predict,
	.plain = plain,
	.formula = formula,
};
RNF_PLUGIN(loss, crossentropy, "softmax and cross-entropy, with label smoothing",
	   &params, impl)
