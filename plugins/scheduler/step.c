/* step: the rate falls by `factor` at each of the boundaries:
 *   lr factor                          in the first warmup_epochs epochs
 *   lr factor^(boundaries reached)     after
 * where the epoch of step t (from 1) is (t - 1) / steps_per_epoch, from 0, and
 * a boundary b is reached when epoch >= b; each is later than the one before. An
 * empty list of boundaries means 90 and 135.
 * Source: He et al. 2015 (arXiv 1512.03385), section 4.2. */
#include <rnframe/training.h>

struct conf {
	struct rnf_ints boundaries;
	double factor;
	int64_t warmup_epochs;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_INTS(struct conf, boundaries, 0, 1000000, "epochs",
		 "from which the rate is lower, from 0; empty: 90 and 135"),
	RNF_FLOAT(struct conf, factor, 0.1, 0, 1, "", "of the rate at each boundary"),
	RNF_INT(struct conf, warmup_epochs, 1, 0, 1000000, "epochs",
		"at lr * factor before the full rate"));

static const int64_t usual[] = { 90, 135 };

static struct rnf_ints boundaries_of(const struct conf *conf)
{
	return conf->boundaries.n > 0 ? conf->boundaries : (struct rnf_ints){ usual, 2 };
}

static double rate(const void *self, const struct rnf_when *when)
{
	const struct conf *conf = self;
	const struct rnf_ints at = boundaries_of(conf);
	const int64_t epoch = (when->step - 1) / when->steps_per_epoch;
	if (epoch < conf->warmup_epochs) return when->lr * conf->factor;
	double lr = when->lr;
	for (size_t i = 0; i < at.n; i++)
		if (epoch >= at.at[i]) lr *= conf->factor;
	return lr;
}

static rnf_status check(const void *self, const struct rnf_host *host,
			const struct rnf_context *context)
{
	const struct rnf_ints at = boundaries_of(self);
	for (size_t i = 1; i < at.n; i++)
		if (at.at[i] <= at.at[i - 1])
			return host->fail(RNF_EINVAL, "boundaries[%zu] is %lld, must be above the "
					  "one before, %lld", i, (long long)at.at[i],
					  (long long)at.at[i - 1]);
	if (at.at[at.n - 1] >= context->epochs)
		host->log(RNF_LOG_WARNING, "step: boundaries: the rate never falls at epoch %lld, "
			  "since the run has %lld epochs, counted from 0",
			  (long long)at.at[at.n - 1], (long long)context->epochs);
	return RNF_OK;
}

static const struct rnf_scheduler_impl impl = { .rate = rate, .check = check };
RNF_PLUGIN(scheduler, step, "falls by a factor at given epochs", &params, impl)
