/* A written PNG, read back by the decoder. */
#include "lib/built.h"
#include "lib/program.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/png.h"
#include "base/status.h"
#include "data/picture.h"

/* Less than a stored block of 65,535 bytes, one to the byte, several. */
static const struct { int64_t h, w; } sizes[] = { { 1, 1 }, { 3, 7281 }, { 90, 250 }, { 300, 301 } };

START_TEST(what_was_written_is_read)
{
	const int64_t h = sizes[_i].h, w = sizes[_i].w;
	const char *path = rnf_format("%s/a.png", test_folder("png"));
	uint8_t *rgb = rnf_alloc((size_t)(h * w * 3));
	struct rnf_picture got;
	if (!test_has_plugin("decoder", "png")) return;
	test_plugins_path();
	for (int64_t i = 0; i < h * w * 3; i++)
		rgb[i] = (uint8_t)(i * 7 + i / 256);
	ck_assert_int_eq(rnf_png_write(path, rgb, h, w), RNF_OK);
	ck_assert_int_eq(rnf_picture_decoders(), RNF_OK);
	ck_assert_msg(rnf_picture_read(path, &got) == RNF_OK, "%s", rnf_fail_words());
	ck_assert_int_eq(got.h, h);
	ck_assert_int_eq(got.w, w);
	ck_assert(memcmp(got.rgb, rgb, (size_t)(h * w * 3)) == 0);
	free(got.rgb);
}
END_TEST

START_TEST(a_file_that_cannot_be_written)
{
	const uint8_t rgb[3] = { 0 };
	ck_assert_int_eq(rnf_png_write("/nowhere/a.png", rgb, 1, 1), RNF_EIO);
	ck_assert_ptr_nonnull(strstr(rnf_fail_words(), "/nowhere/a.png"));
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ what_was_written_is_read, TEST_ROWS(sizes) },
		{ a_file_that_cannot_be_written, 0 }, { NULL, 0 },
	};
	return test_run_cases("base/png", cases);
}
