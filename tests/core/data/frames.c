/* Frames of our own: what they may ask for, and the pixels that come of it. */
#include "lib/plugin.h"

#include <string.h>

#include "base/status.h"
#include "data/frames.h"

/* The conf is what to ask for; height 0 leaves the window. */
static void ask(const void *self, struct rnf_random *random, struct rnf_frame *frame)
{
	const struct rnf_frame *want = self;
	if (want->height) {
		frame->top = want->top, frame->left = want->left;
		frame->height = want->height, frame->width = want->width;
	}
	frame->h = want->h, frame->w = want->w;
	if (random) frame->top += (int64_t)rnf_random_below(random, 2);
}

static void nothing(const void *self, struct rnf_random *random, struct rnf_image *image)
{
	(void)self, (void)random, (void)image;
}

static const struct rnf_augment_impl fixed = { .frame = ask };
static const struct rnf_augment_impl drawn = { .frame = ask, .flags = RNF_AUGMENT_DRAWS };
static const struct rnf_augment_impl other = { .apply = nothing };
static const struct rnf_feature features[] = {
	{ .kind = "augment", .name = "fixed", .impl = &fixed },
	{ .kind = "augment", .name = "drawn", .impl = &drawn },
	{ .kind = "augment", .name = "other", .impl = &other } };

static struct rnf_frames frames_of(const struct rnf_ref *const *at, size_t n)
{
	return (struct rnf_frames){ .list = { at, n }, .from_h = 4, .from_w = 6, .c = 2 };
}

static void number(uint8_t *image)
{
	for (int i = 0; i < 4 * 6 * 2; i++)
		image[i] = (uint8_t)(i + 1);
}

START_TEST(the_first_ones_count)
{
	const struct rnf_ref a = { .feature = &features[0] }, b = { .feature = &features[1] };
	const struct rnf_ref c = { .feature = &features[2] };
	const struct rnf_ref *const list[] = { &a, &b, &c, &a };
	const struct rnf_refs refs = { list, 4 };
	ck_assert_uint_eq(rnf_frames_first(refs, 0).n, 2);
	ck_assert_uint_eq(rnf_frames_first(refs, 1).n, 1);
	ck_assert_uint_eq(rnf_frames_first((struct rnf_refs){ list + 2, 2 }, 0).n, 0);
}
END_TEST

static const struct { struct rnf_frame ask; int good; } asked[] = {
	{ { .h = 4, .w = 6 }, 1 }, { { .h = 9, .w = 2 }, 1 }, { { .h = 0, .w = 2 }, 0 },
	{ { .h = 16385, .w = 1 }, 0 }, { { .h = 16384, .w = 16384 }, 0 },
	{ { .top = 2, .left = 3, .height = 2, .width = 3, .h = 5, .w = 5 }, 1 },
	{ { .top = 3, .left = 3, .height = 2, .width = 3, .h = 5, .w = 5 }, 0 },
	{ { .top = -1, .left = 0, .height = 2, .width = 3, .h = 5, .w = 5 }, 0 },
	{ { .top = 0, .left = 4, .height = 2, .width = 3, .h = 5, .w = 5 }, 0 },
	{ { .top = -3, .left = 5, .height = 5, .width = 9, .h = 5, .w = 9 }, 1 },
	{ { .top = INT64_MAX, .left = 0, .height = 5, .width = 9, .h = 5, .w = 9 }, 0 },
	{ { .top = 0, .left = INT64_MIN, .height = 5, .width = 9, .h = 5, .w = 9 }, 0 },
};

START_TEST(what_may_be_asked_for)
{
	const struct rnf_ref ref = { .feature = &features[0], .conf = &asked[_i].ask };
	const struct rnf_ref *const list[] = { &ref };
	struct rnf_frames f = frames_of(list, 1);
	const rnf_status status = rnf_frames_plan(&f);
	ck_assert_int_eq(status, asked[_i].good ? RNF_OK : RNF_EPLUGIN);
	if (!asked[_i].good) {
		ck_assert_ptr_nonnull(strstr(rnf_fail_words(), "augment.fixed: of an image of 6x4"));
		return;
	}
	ck_assert_int_eq(f.h, asked[_i].ask.h);
	ck_assert_int_eq(f.w, asked[_i].ask.w);
	ck_assert_uint_ge(f.bytes, (size_t)(f.h * f.w * 2));
	ck_assert_uint_ge(f.bytes, 48);
}
END_TEST

/* A window that reaches over all sides is black there; then another one of that. */
START_TEST(windows_one_after_the_other)
{
	static const struct rnf_frame large = { .top = -1, .left = -2, .height = 7, .width = 9,
						.h = 7, .w = 9 };
	static const struct rnf_frame inner = { .top = 1, .left = 1, .height = 3, .width = 2,
						.h = 3, .w = 2 };
	const struct rnf_ref a = { .feature = &features[0], .conf = &large };
	const struct rnf_ref b = { .feature = &features[0], .conf = &inner };
	const struct rnf_ref *const list[] = { &a, &b };
	for (size_t n = 1; n <= 2; n++) {
		struct rnf_frames f = frames_of(list, n);
		uint8_t from[126], more[126];
		ck_assert_int_eq(rnf_frames_plan(&f), RNF_OK);
		ck_assert_uint_eq(f.bytes, 126);
		number(from);
		const uint8_t *got = rnf_frames_apply(&f, NULL, from, more, NULL);
		ck_assert_ptr_eq(got, n == 1 ? more : from);
		for (int64_t y = 0; y < f.h; y++)
			for (int64_t x = 0; x < f.w; x++) {
				const int64_t row = y - 1 + (n == 2), col = x - 2 + (n == 2);
				const int in = row >= 0 && row < 4 && col >= 0 && col < 6;
				ck_assert_int_eq(got[(y * f.w + x) * 2 + 1],
						 in ? (row * 6 + col) * 2 + 2 : 0);
			}
	}
}
END_TEST

/* What is drawn moves the window; a drawn window that cannot be leaves the image. */
START_TEST(random_windows)
{
	static const struct rnf_frame part = { .top = 1, .left = 0, .height = 3, .width = 6,
					       .h = 6, .w = 6 };
	const struct rnf_ref a = { .feature = &features[1], .conf = &part };
	const struct rnf_ref *const list[] = { &a };
	struct rnf_frames f = frames_of(list, 1);
	uint8_t from[72], more[72], scratch[4096];
	int met[2] = { 0 };
	ck_assert_int_eq(rnf_frames_plan(&f), RNF_OK);
	ck_assert_uint_le(f.scratch, sizeof scratch);
	for (uint64_t key = 0; key < 40; key++) {
		struct rnf_random random = { .key = rnf_random_key(1, key) };
		number(from);
		const uint8_t *got = rnf_frames_apply(&f, &random, from, more, scratch);
		met[got == from]++;
		ck_assert_int_eq(got[0], got == from ? 1 : 13);
	}
	ck_assert_int_ge(met[0], 5);
	ck_assert_int_ge(met[1], 5);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ the_first_ones_count, 0 }, { what_may_be_asked_for, TEST_ROWS(asked) },
		{ windows_one_after_the_other, 0 }, { random_windows, 0 }, { NULL, 0 },
	};
	return test_run_cases("data/frames", cases);
}
