/* he_normal: a normal distribution truncated at two standard deviations by drawing again,
 * with variance 2 / fan_in after truncation. Source: He et al. 2015 (arXiv 1502.01852);
 * truncated as in Keras 2. */
#include <math.h>
#include <rnframe/initializer.h>

/* Standard deviation of a standard normal truncated at -2 and 2. */
static const double truncated = .87962566103423978;

static double draw(struct rnf_random *random)
{
	for (;;) {
		const double z = rnf_random_normal(random);
		if (fabs(z) <= 2.0) return z;
	}
}

static void fill(const void *self, struct rnf_random *random, int64_t fan_in,
		 int64_t fan_out, size_t n, float *w)
{
	(void)self, (void)fan_out;
	const double inputs = fan_in > 1 ? (double)fan_in : 1.0;
	const double deviation = sqrt(2.0 / inputs) / truncated;
	for (size_t i = 0; i < n; i++)
		w[i] = (float)(deviation * draw(random));
}

static const struct rnf_initializer_impl impl = { .fill = fill };
RNF_PLUGIN(initializer, he_normal,
	   "normal of variance 2 / fan_in, truncated at two deviations", NULL, impl)
