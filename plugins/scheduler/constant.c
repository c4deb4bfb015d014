/* constant: the optimizer's own rate at every step. */
#include <rnframe/training.h>

static double rate(const void *self, const struct rnf_when *when)
{
	(void)self;
	return when->lr;
}

static const struct rnf_scheduler_impl impl = { .rate = rate };
RNF_PLUGIN(scheduler, constant, "the same rate at every step", NULL, impl)
