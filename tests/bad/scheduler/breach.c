/* breach: from step 3 on the rate is below 0, or NaN. */
#include <math.h>
#include <rnframe/rnframe.h>

static const char *const words[] = { "negative", "nan", NULL };
struct conf {
	int32_t how;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_ENUM(struct conf, how, "negative", words, "the breach"));

static double rate(const void *self, const struct rnf_when *when)
{
	if (when->step < 3) return when->lr;
	return ((const struct conf *)self)->how ? NAN : -0.5;
}

static const struct rnf_scheduler_impl impl = { .rate = rate };
RNF_PLUGIN(scheduler, breach, "breaks its contract", &params, impl)
