/* crop: a window of the model's size at a random place of a larger image; all places are
 * equally likely. pixels[h][w][c] becomes [out_h][out_w][c]; an image of that size stays
 * as it is and draws no number. */
#include <string.h>
#include <rnframe/data.h>

static int64_t grows(const void *self)
{
	(void)self;
	return 0;
}

static void apply(const void *self, struct rnf_random *random,
		  struct rnf_image *image)
{
	const int64_t down = image->h - image->out_h, across = image->w - image->out_w;
	const int64_t row = image->out_w * image->c;
	(void)self;
	if (down < 0 || across < 0 || (down == 0 && across == 0)) return;
	const int64_t top = (int64_t)rnf_random_below(random, (uint64_t)down + 1);
	const int64_t left = (int64_t)rnf_random_below(random, (uint64_t)across + 1);
	/* In place: a row never moves past the start of the next one. */
	for (int64_t y = 0; y < image->out_h; y++)
		memmove(image->pixels + y * row,
			image->pixels + ((top + y) * image->w + left) * image->c,
			(size_t)row * sizeof *image->pixels);
	image->h = image->out_h;
	image->w = image->out_w;
}

static const struct rnf_augment_impl impl = { .grows = grows, .apply = apply };
RNF_PLUGIN(augment, crop, "a random window of the model's size", NULL, impl)
