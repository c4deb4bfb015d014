/* Seconds of the monotonic clock, for rates and intervals. */
#ifndef RNF_BASE_CLOCK_H
#define RNF_BASE_CLOCK_H

#include <time.h>

static inline double rnf_now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

#endif
