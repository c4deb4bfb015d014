/* top_k: 1 when the class of the target's largest entry (the first at ties) is
 * among the k largest logits, else 0. Of equal logits the earlier class ranks
 * higher, so that k = 1 is accuracy. */
#include <rnframe/training.h>

struct conf {
	int64_t k;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_INT(struct conf, k, 5, 1, 1000000, "classes", "that may hold the right one"));

/* How many logits rank above that of `class`. The tests are negated so that a NaN ranks
 * the right class lower, never higher. */
static int64_t rank(size_t k, const float *logits, size_t class)
{
	int64_t above = 0;
	for (size_t i = 0; i < class; i++)
		above += !(logits[i] < logits[class]);
	for (size_t i = class + 1; i < k; i++)
		above += !(logits[i] <= logits[class]);
	return above;
}

static double score(const void *self, size_t k, const float *logits,
		    const float *target)
{
	const struct conf *conf = self;
	return rank(k, logits, rnf_largest(k, target)) < conf->k ? 1.0 : 0.0;
}

/* With k classes or fewer the right one is always among them. */
static rnf_status check(const void *self, const struct rnf_host *host,
			const struct rnf_context *context)
{
	const struct conf *conf = self;
	if (conf->k < context->classes) return RNF_OK;
	return host->fail(RNF_EINVAL, "k is %lld, must be less than the %lld classes of the data: "
			  "else every image counts as right", (long long)conf->k,
			  (long long)context->classes);
}

static const struct rnf_metric_impl impl = { .score = score, .check = check };
RNF_PLUGIN(metric, top_k, "share of images whose class is among the k largest logits",
	   &params, impl)
