/* random_resized_crop: a window of a random place, size and shape, brought to what the model
 * takes. The window's share of the image's area is uniform in `scale`; the logarithm of its
 * width by its height is uniform in those of `ratio`. After ten windows that do not fit, the
 * largest in the middle whose ratio is allowed. (As torchvision's RandomResizedCrop.) In
 * evaluation: the largest window in the middle of the output's shape, reduced to `central` of
 * its sides. */
#include <math.h>
#include <rnframe/data.h>

enum { TRIES = 10 };

struct conf {
	struct rnf_floats scale, ratio;
	double central;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_FLOATS(struct conf, scale, 1e-4, 1, "of the area",
		   "least and most of the image; empty: 0.08 and 1"),
	RNF_FLOATS(struct conf, ratio, 0.01, 100, "",
		   "least and most of width by height; empty: 3/4 and 4/3"),
	RNF_FLOAT(struct conf, central, 0.875, 0.1, 1, "of the sides",
		  "of the window that evaluation takes"));

static const double scale_usual[] = { 0.08, 1 }, ratio_usual[] = { 3.0 / 4, 4.0 / 3 };

static const double *pair(struct rnf_floats list, const double *usual)
{
	return list.n == 2 ? list.at : usual;
}

static double between(struct rnf_random *random, double low, double high)
{
	return low + (high - low) * rnf_random_uniform(random);
}

/* In the middle. */
static void put_window(struct rnf_frame *f, double h, double w)
{
	f->height = h < 1 ? 1 : (int64_t)h;
	f->width = w < 1 ? 1 : (int64_t)w;
	f->top = (f->from_h - f->height) / 2;
	f->left = (f->from_w - f->width) / 2;
}

/* The largest of this ratio, times `share`. */
static void put_largest(struct rnf_frame *f, double ratio, double share)
{
	const double h = (double)f->from_h, w = (double)f->from_w;
	if (w / h > ratio) put_window(f, round(share * h), round(share * h * ratio));
	else put_window(f, round(share * w / ratio), round(share * w));
}

static int draw(const struct conf *conf, struct rnf_random *random, struct rnf_frame *f)
{
	const double *scale = pair(conf->scale, scale_usual);
	const double *ratio = pair(conf->ratio, ratio_usual);
	const double area = (double)(f->from_h * f->from_w) * between(random, scale[0], scale[1]);
	const double shape = exp(between(random, log(ratio[0]), log(ratio[1])));
	const int64_t h = llround(sqrt(area / shape)), w = llround(sqrt(area * shape));
	if (h < 1 || w < 1 || h > f->from_h || w > f->from_w) return 0;
	f->height = h;
	f->width = w;
	f->top = (int64_t)rnf_random_below(random, (uint64_t)(f->from_h - h + 1));
	f->left = (int64_t)rnf_random_below(random, (uint64_t)(f->from_w - w + 1));
	return 1;
}

static void frame(const void *self, struct rnf_random *random, struct rnf_frame *f)
{
	const struct conf *conf = self;
	const double own = (double)f->from_w / (double)f->from_h;
	const double *ratio = pair(conf->ratio, ratio_usual);
	if (f->out_h > 0) {
		f->h = f->out_h;
		f->w = f->out_w;
	}
	if (!random) {
		put_largest(f, (double)f->w / (double)f->h, conf->central);
		return;
	}
	for (int i = 0; i < TRIES; i++)
		if (draw(conf, random, f)) return;
	put_largest(f, fmin(fmax(own, ratio[0]), ratio[1]), 1);
}

static rnf_status check_pair(const struct rnf_host *host, const char *key, struct rnf_floats list)
{
	if (list.n == 0 || (list.n == 2 && list.at[0] <= list.at[1])) return RNF_OK;
	return host->fail(RNF_EINVAL, "%s must have two numbers, the smaller one first", key);
}

static rnf_status check(const void *self, const struct rnf_host *host,
			const struct rnf_context *context)
{
	const struct conf *conf = self;
	(void)context;
	RNF_TRY(check_pair(host, "scale", conf->scale));
	return check_pair(host, "ratio", conf->ratio);
}

static const struct rnf_augment_impl impl = {
	.flags = RNF_AUGMENT_ALWAYS | RNF_AUGMENT_DRAWS, .frame = frame, .check = check };
RNF_PLUGIN(augment, random_resized_crop, "a random window, brought to the model's size",
	   &params, impl)
