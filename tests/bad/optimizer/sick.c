/* sick: plain gradient descent that goes wrong at one step of the run. */
#include "../sick.h"

struct conf {
	double lr;
	int32_t weight;
	int64_t step;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_FLOAT(struct conf, lr, 0.1, 0, 1e9, "", "base rate"),
	RNF_ENUM(struct conf, weight, "no", sick_words, "what goes wrong"),
	RNF_INT(struct conf, step, 1, 1, 0x1p53, "", "the one"));

static void update(const void *self, const struct rnf_update *u, size_t n, float *w,
		   const float *gradient, float *const *slots)
{
	const struct conf *conf = self;
	(void)slots;
	for (size_t i = 0; i < n; i++)
		w[i] -= (float)u->lr * gradient[i];
	if (u->step == conf->step) w[n - 1] = sick(conf->weight, w[n - 1]);
}

static const struct rnf_optimizer_impl impl = { .update = update };
RNF_PLUGIN(optimizer, sick, "gradient descent, with faults", &params, impl)
