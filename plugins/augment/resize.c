/* resize: the whole image in another size, bilinear with antialias (as Pillow's BILINEAR).
 * `size`: [height, width]; one number for the shorter side, the other one keeps the ratio
 * (rounded down); empty: what the model takes. */
#include <rnframe/data.h>

struct conf {
	struct rnf_ints size;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_INTS(struct conf, size, 1, 16384, "pixels",
		 "[height, width], or that of the shorter side; empty: the model's input"));

/* At least a pixel, at most as many as there may be. */
static int64_t other_side(int64_t longer, int64_t shorter, int64_t size)
{
	const int64_t n = longer * size / shorter;
	return n < 16384 ? n : 16384;
}

static void frame(const void *self, struct rnf_random *random, struct rnf_frame *f)
{
	const struct conf *conf = self;
	const int64_t *size = conf->size.at;
	(void)random;
	if (conf->size.n >= 2) {
		f->h = size[0];
		f->w = size[1];
	} else if (conf->size.n == 1) {
		const int tall = f->from_h > f->from_w;
		f->h = tall ? other_side(f->from_h, f->from_w, size[0]) : size[0];
		f->w = tall ? size[0] : other_side(f->from_w, f->from_h, size[0]);
	} else if (f->out_h > 0) {
		f->h = f->out_h;
		f->w = f->out_w;
	}
}

static rnf_status check(const void *self, const struct rnf_host *host,
			const struct rnf_context *context)
{
	const struct conf *conf = self;
	(void)context;
	return rnf_frame_size_fits(host, &conf->size);
}

static const struct rnf_augment_impl impl = {
	.flags = RNF_AUGMENT_ALWAYS, .frame = frame, .check = check };
RNF_PLUGIN(augment, resize, "the image in another size, with antialias", &params, impl)
