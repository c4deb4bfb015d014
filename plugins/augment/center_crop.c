/* center_crop: the middle of the image. `size`: [height, width]; one number for both; empty:
 * what the model takes. Where the margin is odd, it is rounded half to even; a crop larger
 * than the image has a black border, the smaller part of it above and at the left. (As
 * torchvision's CenterCrop.) */
#include <rnframe/data.h>

struct conf {
	struct rnf_ints size;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_INTS(struct conf, size, 1, 16384, "pixels",
		 "[height, width], or one for both; empty: the model's input"));

/* Where n pixels begin in the middle of `from`. */
static int64_t begin(int64_t from, int64_t n)
{
	const int64_t margin = from - n;
	if (margin < 0) return -(-margin / 2);
	const int64_t half = margin / 2;
	return margin % 2 ? half + half % 2 : half;
}

static void frame(const void *self, struct rnf_random *random, struct rnf_frame *f)
{
	const struct conf *conf = self;
	const int known = conf->size.n > 0;
	(void)random;
	if (!known && f->out_h <= 0) return;
	f->h = f->height = known ? conf->size.at[0] : f->out_h;
	f->w = f->width = known ? conf->size.at[conf->size.n > 1] : f->out_w;
	f->top = begin(f->from_h, f->h);
	f->left = begin(f->from_w, f->w);
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
RNF_PLUGIN(augment, center_crop, "the middle of an image", &params, impl)
