/* accuracy: 1 when the class of the largest logit is the class of the target's
 * largest entry, else 0; the first at ties. A NaN logit is never right. */
#include <rnframe/training.h>

static size_t largest(size_t k, const float *values)
{
	size_t best = 0;
	for (size_t i = 1; i < k; i++)
		if (values[i] > values[best]) best = i;
	return best;
}

static double score(const void *self, size_t k, const float *logits,
		    const float *target)
{
	(void)self;
	const size_t class = largest(k, logits);
	const int is_number = logits[class] == logits[class];
	return is_number && class == largest(k, target) ? 1.0 : 0.0;
}

static const struct rnf_metric_impl impl = {
	.flags = RNF_METRIC_ACCURACY, .score = score,
};
RNF_PLUGIN(metric, accuracy, "share of images whose largest logit is right",
	   NULL, impl)
