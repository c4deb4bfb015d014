/* The windows and sizes of the augmentations that frame. */
#include "lib/plugin.h"

#include <math.h>
#include <string.h>

#include "base/status.h"

struct sizes { /* of resize and center_crop */
	struct rnf_ints size;
};

static struct rnf_frame frame_of(const char *name, const void *conf, struct rnf_random *random,
				 int64_t h, int64_t w, int64_t out_h, int64_t out_w)
{
	const struct rnf_augment_impl *impl = test_feature("augment", name)->impl;
	struct rnf_frame frame = { .size = sizeof frame, .from_h = h, .from_w = w,
		.out_h = out_h, .out_w = out_w, .height = h, .width = w, .h = h, .w = w };
	impl->frame(conf, random, &frame);
	return frame;
}

static const struct {
	int64_t size[2];
	size_t n;
	int64_t from_h, from_w, h, w;
} resized[] = {
	{ { 30, 40 }, 2, 100, 100, 30, 40 }, { { 32 }, 1, 64, 100, 32, 50 },
	{ { 32 }, 1, 101, 64, 50, 32 }, { { 32 }, 1, 10, 10, 32, 32 },
	{ { 0 }, 0, 300, 20, 24, 28 }, { { 100 }, 1, 1, 16384, 100, 16384 },
};

START_TEST(resize_sizes)
{
	const struct sizes conf = { { resized[_i].size, resized[_i].n } };
	const int64_t h = resized[_i].from_h, w = resized[_i].from_w;
	const struct rnf_frame f = frame_of("resize", &conf, NULL, h, w, 24, 28);
	ck_assert_int_eq(f.h, resized[_i].h);
	ck_assert_int_eq(f.w, resized[_i].w);
	ck_assert(f.top == 0 && f.left == 0 && f.height == h && f.width == w);
}
END_TEST

/* torchvision: int(round(margin / 2)), and for larger crops margin // 2 of padding first. */
static const struct { int64_t from, size, begin; } crops[] = {
	{ 10, 4, 3 }, { 10, 7, 2 }, { 10, 9, 0 }, { 9, 4, 2 }, { 11, 4, 4 }, { 5, 5, 0 },
	{ 4, 7, -1 }, { 4, 8, -2 }, { 1, 4, -1 },
};

START_TEST(center_crop_rounds_half_to_even)
{
	const int64_t size = crops[_i].size;
	const struct sizes one = { { &size, 1 } }, none = { { NULL, 0 } };
	struct rnf_frame f = frame_of("center_crop", &one, NULL, crops[_i].from, 8, 99, 99);
	ck_assert_int_eq(f.top, crops[_i].begin);
	ck_assert(f.h == size && f.height == size && f.w == size && f.width == size);
	f = frame_of("center_crop", &none, NULL, 8, crops[_i].from, 6, size);
	ck_assert_int_eq(f.left, crops[_i].begin);
	ck_assert_int_eq(f.top, 1);
	ck_assert(f.h == 6 && f.w == size);
	f = frame_of("center_crop", &none, NULL, 8, 9, 0, 0); /* not known: the image */
	ck_assert(f.h == 8 && f.w == 9 && f.top == 0 && f.left == 0);
}
END_TEST

struct random_crop {
	struct rnf_floats scale, ratio;
	double central;
};

/* Shares of the area and shapes are in their ranges, and spread over them; each window lies
 * inside and is drawn to the model's size. */
START_TEST(random_windows_are_in_range)
{
	static const double scale[] = { 0.1, 0.3 }, ratio[] = { 0.5, 2 };
	const struct random_crop conf = { { scale, 2 }, { ratio, 2 }, 0.875 };
	double area_sum = 0, shape_sum = 0;
	const int n = 4000;
	int tops = 0;
	for (int i = 0; i < n; i++) {
		struct rnf_random random = { .key = rnf_random_key(3, (uint64_t)i) };
		const struct rnf_frame f =
			frame_of("random_resized_crop", &conf, &random, 200, 300, 24, 28);
		const double area = (double)(f.height * f.width) / (200 * 300);
		const double shape = (double)f.width / (double)f.height;
		ck_assert(f.h == 24 && f.w == 28 && f.top >= 0 && f.left >= 0);
		ck_assert(f.top + f.height <= 200 && f.left + f.width <= 300);
		ck_assert(area > 0.09 && area < 0.31 && shape > 0.48 && shape < 2.05);
		area_sum += area;
		shape_sum += log(shape);
		tops += f.top < (200 - f.height) / 2;
	}
	ck_assert_double_eq_tol(area_sum / n, 0.2, 0.01);
	ck_assert_double_eq_tol(shape_sum / n, 0, 0.03);
	ck_assert(tops > 0.45 * n && tops < 0.55 * n);
}
END_TEST

/* No window of these shapes fits into a thin image: the middle, as far as the ratio goes. */
START_TEST(an_image_that_no_window_fits)
{
	const struct random_crop conf = { { NULL, 0 }, { NULL, 0 }, 0.875 };
	static const double all[] = { 1, 1 };
	const struct random_crop whole = { { all, 2 }, { NULL, 0 }, 0.875 };
	struct rnf_random random = { .key = 1 };
	struct rnf_frame f = frame_of("random_resized_crop", &whole, &random, 30, 300, 8, 8);
	ck_assert(f.height == 30 && f.width == 40 && f.top == 0 && f.left == 130);
	f = frame_of("random_resized_crop", &whole, &random, 300, 30, 8, 8);
	ck_assert(f.height == 40 && f.width == 30 && f.top == 130 && f.left == 0);
	f = frame_of("random_resized_crop", &conf, &random, 1, 1, 8, 8);
	ck_assert(f.height == 1 && f.width == 1 && f.h == 8);
}
END_TEST

START_TEST(evaluation_takes_the_middle)
{
	const struct random_crop conf = { { NULL, 0 }, { NULL, 0 }, 0.5 };
	struct rnf_frame f = frame_of("random_resized_crop", &conf, NULL, 100, 300, 32, 64);
	ck_assert(f.height == 50 && f.width == 100 && f.top == 25 && f.left == 100);
	ck_assert(f.h == 32 && f.w == 64);
	f = frame_of("random_resized_crop", &conf, NULL, 300, 100, 32, 64);
	ck_assert(f.height == 25 && f.width == 50 && f.top == 137 && f.left == 25);
}
END_TEST

START_TEST(wrong_lists_are_refused)
{
	static const int64_t three[] = { 1, 2, 3 };
	static const double upside_down[] = { 2, 1 };
	const struct sizes sizes = { { three, 3 } };
	const struct random_crop crop = { { NULL, 0 }, { upside_down, 2 }, 1 };
	const char *const names[] = { "resize", "center_crop", "random_resized_crop" };
	const void *const confs[] = { &sizes, &sizes, &crop };
	for (int i = 0; i < 3; i++) {
		const struct rnf_augment_impl *impl = test_feature("augment", names[i])->impl;
		ck_assert_int_eq(impl->check(confs[i], &rnf_host, NULL), RNF_EINVAL);
		ck_assert_ptr_nonnull(strstr(rnf_fail_words(), "must have"));
	}
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ resize_sizes, TEST_ROWS(resized) },
		{ center_crop_rounds_half_to_even, TEST_ROWS(crops) },
		{ random_windows_are_in_range, 0 }, { an_image_that_no_window_fits, 0 },
		{ evaluation_takes_the_middle, 0 }, { wrong_lists_are_refused, 0 }, { NULL, 0 },
	};
	return test_run_cases("augment/frames", cases);
}
