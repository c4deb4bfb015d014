/* normalize: (x / 255 - mean) / std for each channel of pixels[h][w][c], in
 * training and in evaluation. `mean` and `std` hold a value for each channel, or
 * one for all; empty: 0 and 1. */
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
	return list.n == 0 ? otherwise : list.at[list.n == 1 ? 0 : channel];
}

static float scale_of(double std)
{
	return (float)(1.0 / (255.0 * std));
}

static float shift_of(double mean, double std)
{
	return (float)(-mean / std);
}

static void affine(const void *self, int64_t c, float *scale, float *shift)
{
	const struct conf *conf = self;
	for (int64_t i = 0; i < c; i++) {
		const double mean = of_channel(conf->mean, i, 0.0);
		const double std = of_channel(conf->std, i, 1.0);
		scale[i] = scale_of(std);
		shift[i] = shift_of(mean, std);
	}
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
		const float scale = scale_of(std), shift = shift_of(mean, std);
		for (int64_t i = channel; i < n; i += c)
			image->pixels[i] = image->pixels[i] * scale + shift;
	}
}

static rnf_status check_list(const struct rnf_host *host, const char *key,
			     struct rnf_floats list, int64_t c)
{
	if (list.n <= 1 || (int64_t)list.n == c) return RNF_OK;
	return host->fail(RNF_EINVAL, "%s has %zu values, must have 1%s: the images have %lld "
			  "channel%s", key, list.n, c == 1 ? "" : " or one a channel",
			  (long long)c, c == 1 ? "" : "s");
}

/* Pixels are in 0..1 here; warn users who gave values for 0..255. */
static void warn(const struct rnf_host *host, const char *key, struct rnf_floats list)
{
	for (size_t i = 0; i < list.n; i++) {
		if (list.at[i] >= 0 && list.at[i] <= 1) continue;
		host->log(RNF_LOG_WARNING, "normalize: %s is %g, though its unit is that of pixels "
			  "in 0..1, not 0..255", key, list.at[i]);
		return;
	}
}

static rnf_status check(const void *self, const struct rnf_host *host,
			const struct rnf_context *context)
{
	const struct conf *conf = self;
	RNF_TRY(check_list(host, "mean", conf->mean, context->c));
	RNF_TRY(check_list(host, "std", conf->std, context->c));
	warn(host, "mean", conf->mean);
	warn(host, "std", conf->std);
	return RNF_OK;
}

static const struct rnf_augment_impl impl = {
	.flags = RNF_AUGMENT_ALWAYS,
	.grows = grows,
	.apply = apply,
	.check = check,
	.affine = affine,
};
RNF_PLUGIN(augment, normalize, "pixels to 0..1, then mean and deviation of a channel",
	   &params, impl)
