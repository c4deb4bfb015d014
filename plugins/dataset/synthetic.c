/* synthetic: images made from a seed, without files. Each class has a pattern
 * a channel, a sum of sine gratings
 *   sum_g a_g sin(2 pi (fy_g y / h + fx_g x / w) + phase_g),
 * and an image is its class's pattern, moved around by up to an eighth of its
 * size, with a contrast and noise of its own. Whole frequencies, so that the
 * pattern closes at the edges. Image i is a function of (seed, split, i). */
#include <rnframe/data.h>

#include <math.h>

enum { GRATINGS = 3, FREQUENCY_MAX = 3 };

#define PATTERN_MAX ((int64_t)1 << 28)
#define NOISE 24.0f /* standard deviation, in pixel values */

struct synthetic {
	int64_t images, test_images, height, width, channels, classes, seed;
};

struct store {
	const struct synthetic *conf;
	const float *patterns; /* [classes][height][width][channels], -1..1 */
	uint64_t keys[RNF_SPLITS];
};

static const struct rnf_params params = RNF_PARAMS(struct synthetic,
	RNF_INT(struct synthetic, images, 2000, 1, 100000000, "", "training images"),
	RNF_INT(struct synthetic, test_images, 500, 1, 100000000, "", "test images"),
	RNF_INT(struct synthetic, height, 32, 1, 1024, "pixels", "rows of an image"),
	RNF_INT(struct synthetic, width, 32, 1, 1024, "pixels", "columns of an image"),
	RNF_INT(struct synthetic, channels, 3, 1, 64, "", "channels of an image"),
	RNF_INT(struct synthetic, classes, 10, 2, 1000, "", "classes, equally frequent"),
	RNF_INT(struct synthetic, seed, 1, 0, 9007199254740991.0, "", "of all that is drawn"));

/* Adds one grating to pattern[h][w][c] in channel `channel`. */
static void add_grating(const struct synthetic *conf, struct rnf_random *random,
			int64_t channel, float *pattern)
{
	const double turn = 6.283185307179586;
	const double fy = (double)rnf_random_below(random, 2 * FREQUENCY_MAX + 1) - FREQUENCY_MAX;
	const double fx = (double)rnf_random_below(random, FREQUENCY_MAX) + 1.0;
	const double phase = turn * rnf_random_uniform(random);
	for (int64_t y = 0; y < conf->height; y++)
		for (int64_t x = 0; x < conf->width; x++) {
			const double at = fy * (double)y / (double)conf->height +
					  fx * (double)x / (double)conf->width;
			pattern[(y * conf->width + x) * conf->channels + channel] +=
				(float)(sin(turn * at + phase) / GRATINGS);
		}
}

static void draw_patterns(const struct synthetic *conf, float *patterns)
{
	const int64_t image = conf->height * conf->width * conf->channels;
	for (int64_t k = 0; k < conf->classes; k++)
		for (int64_t c = 0; c < conf->channels; c++) {
			struct rnf_random random = { rnf_random_key(
				rnf_random_key((uint64_t)conf->seed, (uint64_t)k),
				(uint64_t)c), 0 };
			for (int g = 0; g < GRATINGS; g++)
				add_grating(conf, &random, c, patterns + k * image);
		}
}

static void describe(const void *conf_, struct rnf_dataset_info *info)
{
	const struct synthetic *conf = conf_;
	info->h = conf->height;
	info->w = conf->width;
	info->c = conf->channels;
	info->classes = conf->classes;
}

static rnf_status open_conf(const struct rnf_host *host, const void *conf_,
			    const struct rnf_blob *blobs, void **self,
			    struct rnf_dataset_info *info)
{
	(void)blobs;
	const struct synthetic *conf = conf_;
	const int64_t values = conf->classes * conf->height * conf->width * conf->channels;
	if (values > PATTERN_MAX)
		return host->fail(RNF_EINVAL,
			"classes x height x width x channels is %lld, must be at most %lld",
			(long long)values, (long long)PATTERN_MAX);
	struct store *store = host->alloc(sizeof *store);
	float *patterns = host->alloc((size_t)values * sizeof *patterns);
	if (!store || !patterns) return host->fail(RNF_ENOMEM, "no memory");
	draw_patterns(conf, patterns);
	*store = (struct store){ .conf = conf, .patterns = patterns };
	for (int s = 0; s < RNF_SPLITS; s++)
		store->keys[s] = rnf_random_key(~(uint64_t)conf->seed, (uint64_t)s);
	*self = store;
	info->images[RNF_SPLIT_TRAIN] = conf->images;
	info->images[RNF_SPLIT_TEST] = conf->test_images;
	return RNF_OK;
}

/* Near normal, standard deviation 1, from one draw: the sum of its eight bytes
 * has mean 1020 and variance 8 * 65535 / 12. */
static float noise(struct rnf_random *random)
{
	const uint64_t bits = rnf_random_bits(random);
	int sum = 0;
	for (int shift = 0; shift < 64; shift += 8)
		sum += (int)(bits >> shift & 255);
	return (float)(sum - 1020) * (1.0f / 209.0f);
}

static uint8_t to_byte(float value)
{
	value = value < 0.0f ? 0.0f : value;
	return (uint8_t)(value > 255.0f ? 255.0f : value + 0.5f);
}

/* A shift in 0 .. n-1 by at most n/8 to either side, modulo n. */
static int64_t shift(struct rnf_random *random, int64_t n)
{
	const int64_t most = n / 8;
	const int64_t by = (int64_t)rnf_random_below(random, (uint64_t)(2 * most + 1)) - most;
	return (by + n) % n;
}

static rnf_status read_image(const void *self, int split, int64_t i, uint8_t *pixels,
		       int32_t *label)
{
	const struct store *store = self;
	const int64_t h = store->conf->height, w = store->conf->width;
	const int64_t c = store->conf->channels, k = i % store->conf->classes;
	*label = (int32_t)k;
	if (!pixels) return RNF_OK;
	struct rnf_random random = { rnf_random_key(store->keys[split], (uint64_t)i), 0 };
	const float *pattern = store->patterns + k * h * w * c; /* [h][w][c] */
	const float contrast = 64.0f + 48.0f * (float)rnf_random_uniform(&random);
	const int64_t dy = shift(&random, h), dx = shift(&random, w);
	for (int64_t y = 0; y < h; y++)
		for (int64_t x = 0; x < w; x++) {
			const float *from = pattern + ((y + dy) % h * w + (x + dx) % w) * c;
			for (int64_t j = 0; j < c; j++)
				*pixels++ = to_byte(128.0f + contrast * from[j] +
						    NOISE * noise(&random));
		}
	return RNF_OK;
}

static const struct rnf_dataset_impl impl = {
	.describe = describe, .open = open_conf, .read = read_image,
};

RNF_PLUGIN(dataset, synthetic, "images made from a seed, for trials without files",
	   &params, impl)
