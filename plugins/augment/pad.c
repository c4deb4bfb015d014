/* pad: a border of `size` pixels on each side, zeros (black, when it stands
 * before normalize) or the reflection of the image that does not repeat the
 * edge: d c b | a b c d | c b a.
 * pixels[h][w][c] becomes [h + 2 size][w + 2 size][c]. */
#include <string.h>
#include <rnframe/data.h>

enum { MODE_ZERO, MODE_REFLECT };

struct conf {
	int64_t size;
	int32_t mode;
};

static const char *const modes[] = { "zero", "reflect", NULL };

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_INT(struct conf, size, 4, 0, 4096, "pixels", "on each side"),
	RNF_ENUM(struct conf, mode, "zero", modes, "what the border shows"));

static int64_t grows(const void *self)
{
	return 2 * ((const struct conf *)self)->size;
}

/* The source of position i of the padded axis, in 0 .. n-1; -1: none. */
static int64_t source(const struct conf *conf, int64_t i, int64_t n)
{
	i -= conf->size;
	if (i >= 0 && i < n) return i;
	if (conf->mode == MODE_ZERO) return -1;
	if (n == 1) return 0;
	const int64_t period = 2 * (n - 1);
	i = (i % period + period) % period;
	return i < n ? i : period - i;
}

/* from[w][c] to[w + 2 size][c]; from NULL: all black. */
static void pad_row(const struct conf *conf, int64_t w, int64_t c,
		    const float *from, float *to)
{
	for (int64_t x = 0; x < w + 2 * conf->size; x++, to += c) {
		const int64_t at = from ? source(conf, x, w) : -1;
		if (at < 0)
			memset(to, 0, (size_t)c * sizeof *to);
		else
			memcpy(to, from + at * c, (size_t)c * sizeof *to);
	}
}

static void apply(const void *self, struct rnf_random *random,
		  struct rnf_image *image)
{
	const struct conf *conf = self;
	const int64_t h = image->h + 2 * conf->size, w = image->w + 2 * conf->size;
	float *from = image->pixels, *to = image->spare;
	(void)random;
	for (int64_t y = 0; y < h; y++) {
		const int64_t at = source(conf, y, image->h);
		pad_row(conf, image->w, image->c,
			at < 0 ? NULL : from + at * image->w * image->c,
			to + y * w * image->c);
	}
	image->pixels = to;
	image->spare = from;
	image->h = h;
	image->w = w;
}

static const struct rnf_augment_impl impl = { .grows = grows, .apply = apply };
RNF_PLUGIN(augment, pad, "a border of zeros or of the reflected image", &params, impl)
