/* untrue: with HOW the rate depends on the calls before, else on the step alone. */
#include <rnframe/rnframe.h>

#ifndef HOW
#define HOW 0
#endif

static double rate(const void *self, const struct rnf_when *when)
{
	static double calls;
	(void)self;
	return HOW ? when->lr / (1 + calls++) : when->lr;
}

static const struct rnf_scheduler_impl impl = { .rate = rate };
RNF_PLUGIN(scheduler, untrue, "a constant, with a mistake", NULL, impl)
