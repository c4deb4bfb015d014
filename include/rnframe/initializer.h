/* Kind "initializer": the first values of a weight. */
#ifndef RNFRAME_INITIALIZER_H
#define RNFRAME_INITIALIZER_H

#include <rnframe/plugin.h>
#include <rnframe/random.h>

struct rnf_initializer_impl {
	/* Fill all of w[n] with finite values; `random` is this weight's own stream.
	 * [main] */
	void (*fill)(const void *self, struct rnf_random *random,
		     int64_t fan_in, int64_t fan_out, size_t n, float *w);
};

#endif
