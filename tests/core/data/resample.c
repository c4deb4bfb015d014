/* Resampling beside Pillow's BILINEAR, and against its formula. */
#include "lib/plugin.h"
#include "lib/ppm.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "data/resample.h"

static uint8_t *resample(const struct rnf_crop *from, int64_t h, int64_t w)
{
	char *scratch = rnf_alloc(rnf_resample_scratch(from->h, from->w, from->c, h, w));
	uint8_t *to = rnf_alloc((size_t)(h * w * from->c));
	rnf_resample(from, to, h, w, scratch);
	return to;
}

static void compare(const struct rnf_crop *from, const char *name)
{
	const struct test_ppm want = test_ppm(name);
	const uint8_t *got = resample(from, want.h, want.w);
	for (int i = 0; i < want.h * want.w * 3; i++)
		ck_assert_msg(abs(got[i] - want.rgb[i]) <= 1, "%s: value %d is %d, must be %d", name, i,
			      got[i], want.rgb[i]);
}

/* Smaller, the same, larger, one up and the other down, a pixel. */
static const char *const sizes[] = {
	"rgb8_7x5", "rgb8_13x17", "rgb8_32x24", "rgb8_5x40", "rgb8_1x1",
};

START_TEST(sizes_of_pillow)
{
	const struct test_ppm p = test_ppm("rgb8");
	compare(&(struct rnf_crop){ p.rgb, p.h, p.w, 3, p.w * 3 }, sizes[_i]);
}
END_TEST

START_TEST(a_window_sees_nothing_outside)
{
	const struct test_ppm p = test_ppm("rgb8");
	compare(&(struct rnf_crop){ p.rgb + (2 * p.w + 3) * 3, 10, 11, 3, p.w * 3 },
		"rgb8_window_8x6");
}
END_TEST

/* Any channels; one value everywhere stays that value, in all sizes. */
START_TEST(a_plain_image_stays_plain)
{
	uint8_t plain[9 * 7 * 2];
	memset(plain, 201, sizeof plain);
	for (int h = 1; h < 20; h += 3)
		for (int w = 1; w < 20; w += 2) {
			const uint8_t *got = resample(&(struct rnf_crop){ plain, 9, 7, 2, 14 }, h, w);
			for (int i = 0; i < h * w * 2; i++)
				ck_assert_int_eq(got[i], 201);
		}
}
END_TEST

/* 0 and 255 side by side, twice as wide: a quarter of the way at each inner pixel. */
START_TEST(two_pixels_by_hand)
{
	static const uint8_t two[] = { 0, 255 }, want[] = { 0, 64, 191, 255 };
	const uint8_t *got = resample(&(struct rnf_crop){ two, 1, 2, 1, 2 }, 1, 4);
	ck_assert(memcmp(got, want, sizeof want) == 0);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ sizes_of_pillow, TEST_ROWS(sizes) }, { a_window_sees_nothing_outside, 0 },
		{ a_plain_image_stays_plain, 0 }, { two_pixels_by_hand, 0 }, { NULL, 0 },
	};
	return test_run_cases("data/resample", cases);
}
