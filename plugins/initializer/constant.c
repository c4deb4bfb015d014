/* constant: every weight has the same value. */
#include <rnframe/initializer.h>

struct conf {
	double value;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_FLOAT(struct conf, value, 0, -1e30, 1e30, "", "of every weight"));

static void fill(const void *self, struct rnf_random *random, int64_t fan_in,
		 int64_t fan_out, size_t n, float *w)
{
	const struct conf *conf = self;
	(void)random, (void)fan_in, (void)fan_out;
	for (size_t i = 0; i < n; i++)
		w[i] = (float)conf->value;
}

static const struct rnf_initializer_impl impl = { .fill = fill };
RNF_PLUGIN(initializer, constant, "every weight the same value", &params, impl)
