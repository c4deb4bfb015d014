/* sick: y = x, except that the first value of a tile goes wrong, forward or backward, in
 * all images or in one of the training files. */
#include "../sick.h"

#include <string.h>

struct conf {
	int32_t forward, backward;
	int64_t image;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_ENUM(struct conf, forward, "no", sick_words, "what goes wrong"),
	RNF_ENUM(struct conf, backward, "no", sick_words, "what goes wrong"),
	RNF_INT(struct conf, image, -1, -1, 0x1p53, "", "the one; -1: all"));

static void pass(const struct conf *conf, int32_t what, const struct rnf_tile *tile,
		 size_t n, const float *in, float *out)
{
	memmove(out, in, n * sizeof *in);
	if (conf->image < 0 || (uint64_t)conf->image == tile->sample)
		out[0] = sick(what, out[0]);
}

static void fwd(const void *self, const struct rnf_tile *tile, size_t n, const float *x,
		float *y)
{
	const struct conf *conf = self;
	pass(conf, conf->forward, tile, n, x, y);
}

static void bwd(const void *self, const struct rnf_tile *tile, size_t n, const float *x,
		const float *dy, float *dx)
{
	const struct conf *conf = self;
	(void)x;
	pass(conf, conf->backward, tile, n, dy, dx);
}

static const struct rnf_activation_impl impl = { .fwd = fwd, .bwd = bwd };
RNF_PLUGIN(activation, sick, "the identity, with faults", &params, impl)
