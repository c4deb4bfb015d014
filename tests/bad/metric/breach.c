/* breach: a score that is NaN, for all images, or for the accuracy too. */
#include <math.h>
#include <rnframe/rnframe.h>

static double score(const void *self, size_t k, const float *logits, const float *target)
{
	(void)self, (void)k, (void)logits, (void)target;
	return NAN;
}

static const struct rnf_metric_impl impl = { .flags = RNF_METRIC_ACCURACY, .score = score };
RNF_PLUGIN(metric, breach, "breaks its contract", NULL, impl)
