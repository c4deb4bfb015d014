/* breach: a squared error whose probabilities do not sum to 1, or that is not finite. */
#include <math.h>
#include <rnframe/rnframe.h>

enum how { SUM, NEGATIVE, NAN_LOSS, NAN_GRADIENT };
static const char *const words[] = { "sum", "negative", "nan", "gradient", NULL };
struct conf {
	int32_t how;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_ENUM(struct conf, how, "sum", words, "the breach"));

static double loss(const void *self, size_t k, const float *logits, const float *target)
{
	double sum = 0;
	for (size_t i = 0; i < k; i++)
		sum += (logits[i] - target[i]) * (logits[i] - target[i]);
	return ((const struct conf *)self)->how == NAN_LOSS ? NAN : sum;
}

static void gradient(const void *self, size_t k, const float *logits, const float *target,
		     float factor, float *dlogits)
{
	for (size_t i = 0; i < k; i++)
		dlogits[i] = 2 * factor * (logits[i] - target[i]);
	if (((const struct conf *)self)->how == NAN_GRADIENT) dlogits[0] = INFINITY;
}

static void predict(const void *self, size_t k, const float *logits, float *p)
{
	(void)logits;
	for (size_t i = 0; i < k; i++)
		p[i] = 2.0f / (float)k;
	if (((const struct conf *)self)->how == NEGATIVE) p[0] = -1;
}

static const struct rnf_loss_impl impl = {
	.loss = loss, .gradient = gradient, .predict = predict, .plain = loss };
RNF_PLUGIN(loss, breach, "breaks its contract", &params, impl)
