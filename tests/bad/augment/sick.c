/* sick: with some probability, the first pixel of an image goes wrong. */
#include "../sick.h"

struct conf {
	int32_t pixel;
	double chance;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_ENUM(struct conf, pixel, "no", sick_words, "what goes wrong"),
	RNF_FLOAT(struct conf, chance, 1, 0, 1, "", "of an image"));

static void apply(const void *self, struct rnf_random *random, struct rnf_image *image)
{
	const struct conf *conf = self;
	if (rnf_random_uniform(random) < conf->chance)
		image->pixels[0] = sick(conf->pixel, image->pixels[0]);
}

static const struct rnf_augment_impl impl = { .apply = apply };
RNF_PLUGIN(augment, sick, "images with faults", &params, impl)
