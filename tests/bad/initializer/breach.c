/* breach: fills half of the values, none, or leaves a NaN. */
#include <rnframe/rnframe.h>
#include <math.h>

static const char *const words[] = { "half", "nothing", "nan", NULL };
struct conf {
	int32_t how;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_ENUM(struct conf, how, "half", words, "the breach"));

static void fill(const void *self, struct rnf_random *random, int64_t fan_in, int64_t fan_out,
		 size_t n, float *w)
{
	const int32_t how = ((const struct conf *)self)->how;
	(void)random, (void)fan_in, (void)fan_out;
	for (size_t i = 0; how != 1 && i < (how == 0 ? n / 2 : n); i++)
		w[i] = 0.01f * (float)(i % 7);
	if (how == 2) w[n - 1] = NAN;
}

static const struct rnf_initializer_impl impl = { .fill = fill };
RNF_PLUGIN(initializer, breach, "breaks its contract", &params, impl)
