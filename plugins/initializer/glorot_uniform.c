/* glorot_uniform: uniform in [-b, b), b = sqrt(6 / (fan_in + fan_out)).
 * Source: Glorot and Bengio 2010, equation 16. */
#include <math.h>
#include <rnframe/initializer.h>

static void fill(const void *self, struct rnf_random *random, int64_t fan_in,
		 int64_t fan_out, size_t n, float *w)
{
	(void)self;
	const int64_t fans = fan_in + fan_out;
	const double bound = sqrt(6.0 / (fans > 1 ? (double)fans : 1.0));
	for (size_t i = 0; i < n; i++)
		w[i] = (float)(bound * (2.0 * rnf_random_uniform(random) - 1.0));
}

static const struct rnf_initializer_impl impl = { .fill = fill };
RNF_PLUGIN(initializer, glorot_uniform,
	   "uniform within sqrt(6 / (fan_in + fan_out))", NULL, impl)
