/* mixup: the image x1 mixed with another one, x = l x1 + (1 - l) x2, where l ~ Beta(alpha
 * + 1, alpha), and l = max(l, 1 - l) so that x1 dominates (after which it is as if l were
 * drawn from Beta(alpha, alpha)). The target stays that of x1 ("dominant"), or is mixed
 * like the pixels ("mixed"). Without another image it does nothing. Source: Zhang et al.
 * 2017 (arXiv 1710.09412), in fastai's variant. */
#include <rnframe/data.h>

enum { LABELS_DOMINANT, LABELS_MIXED };

struct conf {
	double alpha;
	int32_t labels;
};

static const char *const labels[] = { "dominant", "mixed", NULL };

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_FLOAT(struct conf, alpha, 0.4, 1e-3, 100, "", "of the Beta distribution"),
	RNF_ENUM(struct conf, labels, "dominant", labels,
		 "the label of the stronger image, or both in proportion"));

static int64_t grows(const void *self)
{
	(void)self;
	return 0;
}

static void mix_target(struct rnf_image *image, float share, int32_t label)
{
	for (int64_t i = 0; i < image->classes; i++)
		image->target[i] *= share;
	image->target[label] += 1.0f - share;
}

static void apply(const void *self, struct rnf_random *random,
		  struct rnf_image *image)
{
	const struct conf *conf = self;
	if (image->peers <= 0) return;
	const double drawn = rnf_random_beta(random, conf->alpha + 1.0, conf->alpha);
	const float share = (float)(drawn < 0.5 ? 1.0 - drawn : drawn);
	int32_t label = 0;
	image->peer(image,
		    (int64_t)rnf_random_below(random, (uint64_t)image->peers),
		    image->spare, &label);
	const int64_t n = image->h * image->w * image->c;
	for (int64_t i = 0; i < n; i++)
		image->pixels[i] = share * image->pixels[i] +
			(1.0f - share) * image->spare[i];
	if (conf->labels == LABELS_MIXED) mix_target(image, share, label);
}

static const struct rnf_augment_impl impl = {
	.flags = RNF_AUGMENT_MIXES,
	.grows = grows,
	.apply = apply,
};
RNF_PLUGIN(augment, mixup, "each image mixed with another one", &params, impl)
