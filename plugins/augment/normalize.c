/* normalize: (x / 255 - mean) / std for each channel of pixels[h][w][c], in
 * training and in evaluation. `mean` and `std` hold a value for each channel, or
 * one for all; empty: 0 and 1, which is also what a channel gets that a longer
 * list does not reach. */
#include <rnframe/data.h>

struct conf {
	struct rnf_floats mean, std;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_FLOATS(struct conf, mean, -1000, 1000, "",
		   "of pixels in 0..1, a channel each or one for all; empty: 0"),
	RNF_FLOATS(struct conf, std, 1e-6, 1e6, "",
		   "of pixels in 0..1, a channel each or one for all; empty: 1"));

static int64_t grows(const void *self)
{
	(void)self;
	return 0;
}

static double of_channel(struct rnf_floats list, int64_t channel, double otherwise)
{
	if (list.n == 1) return list.at[0];
	return (size_t)channel < list.n ? list.at[channel] : otherwise;
}

static void apply(const void *self, struct rnf_random *random,
		  struct rnf_image *image)
{
	const struct conf *conf = self;
	const int64_t c = image->c, n = image->h * image->w * c;
	(void)random;
	for (int64_t channel = 0; channel < c; channel++) {
		const double mean = of_channel(conf->mean, channel, 0.0);
		const double std = of_channel(conf->std, channel, 1.0);
		const float scale = (float)(1.0 / (255.0 * std));
		const float shift = (float)(-mean / std);
		for (int64_t i = channel; i < n; i += c)
			image->pixels[i] = image->pixels[i] * scale + shift;
	}
}

static const struct rnf_augment_impl impl = {
	.flags = RNF_AUGMENT_ALWAYS,
	.grows = grows,
	.apply = apply,
};
RNF_PLUGIN(augment, normalize, "pixels to 0..1, then mean and deviation of a channel",
	   &params, impl)
