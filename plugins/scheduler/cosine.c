/* cosine: a linear warm-up, then half a cosine down to 0 at the last step. With
 * t the step, from 1 over all epochs, W = warmup * steps_per_epoch and
 * T = epochs * steps_per_epoch:
 *   lr t / W                                     up to W
 *   lr / 2 (1 + cos(pi (t - W) / (T - W)))       after
 * Source: Loshchilov and Hutter 2016 (arXiv 1608.03983), without restarts. */
#include <math.h>
#include <rnframe/training.h>

struct conf {
	double warmup;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_FLOAT(struct conf, warmup, 5, 0, 1e6, "epochs", "of linear rise before the cosine"));

static double rate(const void *self, const struct rnf_when *when)
{
	const struct conf *conf = self;
	const double t = (double)when->step;
	const double per_epoch = (double)when->steps_per_epoch;
	const double warm = conf->warmup * per_epoch;
	const double last = (double)when->epochs * per_epoch;
	if (t <= warm) return when->lr * t / warm;
	if (t >= last) return 0.0; /* warm < t, so warm < last below */
	return when->lr / 2 * (1.0 + cos(3.14159265358979324 * (t - warm) / (last - warm)));
}

static const struct rnf_scheduler_impl impl = { .rate = rate };
RNF_PLUGIN(scheduler, cosine, "linear warm-up, then half a cosine to 0", &params, impl)
