/* breach: an augmentation that breaks its contract in one way, chosen by name. */
#include <rnframe/rnframe.h>

enum how { NO, NEGATIVE, HUGE_GROWTH, BEHIND, SHAPE, CHANNELS, POINTERS, TARGET, PEER, PEER_FAR, LATE };
static const char *const words[] = { "no", "negative", "huge", "behind", "shape", "channels",
				     "pointers", "target", "peer", "peer_far", "late", NULL };
struct conf {
	int32_t how;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_ENUM(struct conf, how, "no", words, "the breach"));

static int64_t grows(const void *self)
{
	const int32_t how = ((const struct conf *)self)->how;
	return how == NEGATIVE ? -4 : how == HUGE_GROWTH ? (int64_t)1 << 40 : 0;
}

static void apply(const void *self, struct rnf_random *random, struct rnf_image *image)
{
	static float elsewhere[8 * 8 * 3];
	int32_t label;
	switch (((const struct conf *)self)->how) {
	case BEHIND: image->pixels[image->capacity] = 1; break;
	case SHAPE: image->h *= 3; break;
	case CHANNELS: image->c = 1; break;
	case POINTERS: image->pixels = elsewhere; break;
	case TARGET: image->target[0] += 1; break;
	case PEER: image->peer(image, 0, image->spare, &label); break;
	case PEER_FAR: image->peers = 1 << 20; image->peer(image, 1 << 19, image->spare, &label); break;
	case LATE: /* not of the first image */
		if (rnf_random_uniform(random) < 0.05) image->peer(image, -1, image->spare, &label);
		break;
	default: break;
	}
}

static const struct rnf_augment_impl impl = { .grows = grows, .apply = apply };
RNF_PLUGIN(augment, breach, "breaks its contract", &params, impl)
