#include "base/running.h"

#include <stdatomic.h>

static const char *_Atomic doing;
static _Thread_local const struct rnf_feature *volatile lent;
static atomic_int ended;

const char *rnf_running_doing(const char *what)
{
	return atomic_exchange(&doing, what);
}

const struct rnf_feature *rnf_running_set(const struct rnf_feature *feature)
{
	const struct rnf_feature *before = lent;
	lent = feature;
	return before;
}

void rnf_running_end(void)
{
	atomic_store(&ended, 1);
}

const char *rnf_running_what(void)
{
	return atomic_load(&doing);
}

const struct rnf_feature *rnf_running_feature(void)
{
	return lent;
}

int rnf_running_ended(void)
{
	return atomic_load(&ended);
}
