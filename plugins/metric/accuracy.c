/* accuracy: 1 when the class of the largest logit is the class of the target's
 * largest entry, else 0; the first at ties. A NaN logit is never right. */
#include <rnframe/training.h>

static double score(const void *self, size_t k, const float *logits,
		    const float *target)
{
	(void)self;
	const int64_t class = rnf_largest(k, logits);
	const int is_number = logits[class] == logits[class];
	return is_number && class == rnf_largest(k, target) ? 1.0 : 0.0;
}

static const struct rnf_metric_impl impl = {
	.flags = RNF_METRIC_ACCURACY, .score = score,
};
RNF_PLUGIN(metric, accuracy, "share of images whose largest logit is right",
	   NULL, impl)
