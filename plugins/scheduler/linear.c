/* linear: a linear warm-up which then stays. With t the step, from 1, and
 * W = warmup * steps_per_epoch: lr t / W up to W, then lr. */
#include <rnframe/training.h>

struct conf {
	double warmup;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_FLOAT(struct conf, warmup, 5, 0, 1e6, "epochs", "until the full rate is reached"));

static double rate(const void *self, const struct rnf_when *when)
{
	const struct conf *conf = self;
	const double t = (double)when->step;
	const double warm = conf->warmup * (double)when->steps_per_epoch;
	return t < warm ? when->lr * t / warm : when->lr;
}

static const struct rnf_scheduler_impl impl = { .rate = rate };
RNF_PLUGIN(scheduler, linear, "linear warm-up, then the same rate", &params, impl)
