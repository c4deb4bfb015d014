/* flip: mirrors the image left to right with probability p. pixels[h][w][c]. */
#include <rnframe/data.h>

struct conf {
	double p;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_FLOAT(struct conf, p, 0.5, 0, 1, "", "probability"));

static int64_t grows(const void *self)
{
	(void)self;
	return 0;
}

/* row[w][c] */
static void flip_row(float *row, int64_t w, int64_t c)
{
	for (int64_t left = 0, right = w - 1; left < right; left++, right--)
		for (int64_t i = 0; i < c; i++) {
			const float kept = row[left * c + i];
			row[left * c + i] = row[right * c + i];
			row[right * c + i] = kept;
		}
}

static void apply(const void *self, struct rnf_random *random,
		  struct rnf_image *image)
{
	const struct conf *conf = self;
	if (rnf_random_uniform(random) >= conf->p) return;
	for (int64_t y = 0; y < image->h; y++)
		flip_row(image->pixels + y * image->w * image->c, image->w, image->c);
}

static const struct rnf_augment_impl impl = { .grows = grows, .apply = apply };
RNF_PLUGIN(augment, flip, "mirrors an image left to right at random", &params, impl)
