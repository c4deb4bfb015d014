/* What every augmentation must keep: it stays within the capacity that it asked for,
 * draws from its stream only, never uses old contents of the spare buffer, and leaves a
 * target that sums to 1. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "lib/built.h"
#include "lib/guard.h"

enum { CLASSES = 4, PEERS = 5, PIXELS_MAX = 16384, STREAMS = 24 };

/* The image, what the model takes, and how many others there are. */
static const struct shape { int64_t h, w, c, out_h, out_w, peers; } shapes[] = {
	{ 8, 8, 3, 8, 8, PEERS }, { 5, 9, 3, 5, 9, 0 }, { 9, 7, 1, 4, 6, PEERS },
	{ 3, 4, 2, 6, 5, 1 }, { 1, 1, 3, 1, 1, PEERS }, { 16, 3, 4, 16, 3, 1 },
};

struct result {
	int64_t h, w;
	float pixels[PIXELS_MAX], target[CLASSES];
};

static float pixel(int64_t image, int64_t i)
{
	return (float)((37 * i + 11 * image + 5) % 256);
}

/* As the core's: of the image's own size, whatever it has become. */
static void peer(const struct rnf_image *image, int64_t i, float *pixels, int32_t *label)
{
	const struct shape *s = image->context;
	ck_assert_msg(i >= 0 && i < s->peers, "peer %lld of %lld", (long long)i,
		      (long long)s->peers);
	for (int64_t k = 0; k < s->h * s->w * s->c; k++)
		pixels[k] = pixel(i + 1, k);
	*label = (int32_t)(i % CLASSES);
}

static struct rnf_image image_of(const struct shape *s, int64_t grows, size_t shift,
				 float *target)
{
	const int64_t h = (s->h > s->out_h ? s->h : s->out_h) + grows;
	const int64_t w = (s->w > s->out_w ? s->w : s->out_w) + grows;
	struct rnf_image image = {
		.size = sizeof image, .h = s->h, .w = s->w, .c = s->c,
		.out_h = s->out_h, .out_w = s->out_w,
		.capacity = (size_t)(h * w * s->c),
		.target = target, .classes = CLASSES,
		.peers = s->peers, .peer = peer, .context = s,
	};
	image.pixels = test_guarded(image.capacity, shift, NULL);
	image.spare = test_guarded(image.capacity, shift, NULL);
	for (int64_t i = 0; i < s->h * s->w * s->c; i++)
		image.pixels[i] = pixel(0, i);
	return image;
}

static void check_shape(const char *name, const struct rnf_image *image,
			const struct rnf_image *was, int64_t grows)
{
	const int buffers = (image->pixels == was->pixels && image->spare == was->spare) ||
			    (image->pixels == was->spare && image->spare == was->pixels);
	ck_assert_msg(buffers, "%s: other buffers", name);
	ck_assert_msg(image->h >= 1 && image->w >= 1 && image->h <= was->h + grows &&
		      image->w <= was->w + grows, "%s: %lld x %lld became %lld x %lld", name,
		      (long long)was->h, (long long)was->w, (long long)image->h,
		      (long long)image->w);
	struct rnf_image rest = *image; /* nothing else may change */
	rest.h = was->h, rest.w = was->w;
	rest.pixels = was->pixels, rest.spare = was->spare;
	ck_assert_msg(!memcmp(&rest, was, sizeof rest), "%s: writes to the image", name);
}

static void check_values(const char *name, const struct result *r, size_t n)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		if (!isfinite(r->pixels[i]))
			ck_abort_msg("%s: pixel %zu is %g", name, i, (double)r->pixels[i]);
	for (int i = 0; i < CLASSES; i++) {
		ck_assert_msg(r->target[i] >= 0, "%s: a target of %g", name,
			      (double)r->target[i]);
		sum += (double)r->target[i];
	}
	ck_assert_msg(fabs(sum - 1) < 1e-5, "%s: the target sums to %g", name, sum);
}

/* `spare` is what the spare buffer holds before. */
static struct result apply(const struct test_built *f, const void *self,
			   const struct shape *s, uint64_t key, float spare)
{
	const struct rnf_augment_impl *impl = f->plugin->features[0].impl;
	const int64_t grows = impl->grows ? impl->grows(self) : 0;
	static const float label[CLASSES] = { 0, 1, 0, 0 };
	static struct result r;
	float *target = test_guarded(CLASSES, 1, label);
	struct rnf_random random = { .key = key };
	struct rnf_image image = image_of(s, grows, (size_t)(key % 3), target);
	for (size_t i = 0; i < image.capacity; i++)
		image.spare[i] = spare;
	const struct rnf_image was = image;
	impl->apply(self, &random, &image);
	check_shape(f->name, &image, &was, grows);
	memset(&r, 0, sizeof r);
	r.h = image.h, r.w = image.w;
	const size_t n = (size_t)(image.h * image.w * image.c);
	ck_assert_uint_le(n, PIXELS_MAX);
	memcpy(r.pixels, image.pixels, n * sizeof *r.pixels);
	memcpy(r.target, target, sizeof r.target);
	check_values(f->name, &r, n);
	test_guarded_free(target, CLASSES, 1, f->name);
	test_guarded_free(was.pixels, was.capacity, (size_t)(key % 3), f->name);
	test_guarded_free(was.spare, was.capacity, (size_t)(key % 3), f->name);
	return r;
}

/* Whatever is drawn: a size that evaluation has too, the same window for the same stream, and
 * in evaluation always the same. */
static void check_frame(const struct test_built *f, const void *self, const struct shape *s)
{
	const struct rnf_augment_impl *impl = f->plugin->features[0].impl;
	const struct rnf_frame whole = { .size = sizeof whole, .from_h = s->h, .from_w = s->w,
		.out_h = s->out_h, .out_w = s->out_w, .height = s->h, .width = s->w,
		.h = s->h, .w = s->w };
	struct rnf_frame plain = whole;
	impl->frame(self, NULL, &plain);
	ck_assert_msg(plain.h >= 1 && plain.w >= 1, "%s: no size", f->name);
	for (uint64_t key = 0; key < STREAMS; key++) {
		struct rnf_random random = { .key = key }, same = random;
		struct rnf_frame first = whole, again = whole;
		impl->frame(self, &random, &first);
		impl->frame(self, &same, &again);
		ck_assert_msg(!memcmp(&first, &again, sizeof first), "%s: two results", f->name);
		ck_assert_msg(first.h == plain.h && first.w == plain.w, "%s: a size that is drawn",
			      f->name);
		ck_assert_msg(impl->flags & RNF_AUGMENT_DRAWS || !memcmp(&first, &plain, sizeof first),
			      "%s: draws without RNF_AUGMENT_DRAWS", f->name);
	}
}

static void check_augment(const struct test_built *f)
{
	static struct result first, again;
	const struct rnf_augment_impl *impl = f->plugin->features[0].impl;
	const void *self = test_least(f)->conf;
	for (int s = 0; impl->frame && s < TEST_ROWS(shapes); s++)
		check_frame(f, self, &shapes[s]);
	if (impl->frame) return;
	ck_assert_msg(!impl->grows || impl->grows(self) >= 0, "%s: grows", f->name);
	for (int s = 0; s < TEST_ROWS(shapes); s++)
		for (uint64_t key = 0; key < STREAMS; key++) {
			first = apply(f, self, &shapes[s], key, 0);
			apply(f, self, &shapes[s], key + STREAMS, 7);
			again = apply(f, self, &shapes[s], key, NAN);
			ck_assert_msg(!memcmp(&first, &again, sizeof first),
				      "%s: shape %d, stream %llu: two results", f->name, s,
				      (unsigned long long)key);
		}
}

START_TEST(augments_follow_their_stream)
{
	test_each("augment", check_augment);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { augments_follow_their_stream, NULL };
	return test_run("augments", tests);
}
