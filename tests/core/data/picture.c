/* Image files of every kind beside what Pillow makes of them, and broken ones. The files and
 * the script that made them are in tests/golden. */
#include "lib/built.h"
#include "lib/plugin.h"
#include "lib/ppm.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "data/picture.h"

#define FOLDER "tests/golden/images"

static int ready(void)
{
	if (!test_has_plugin("decoder", "png") || !test_has_plugin("decoder", "jpeg")) return 0;
	test_plugins_path();
	ck_assert_msg(rnf_picture_decoders() == RNF_OK, "%s", rnf_fail_words());
	return 1;
}

static void compare(const char *path)
{
	struct rnf_picture got;
	const char *slash = strrchr(path, '/') + 1;
	const struct test_ppm want = test_ppm(rnf_strndup(slash, strcspn(slash, ".")));
	ck_assert_msg(rnf_picture_read(path, &got) == RNF_OK, "%s", rnf_fail_words());
	ck_assert_msg(got.h == want.h && got.w == want.w, "%s: %dx%d", path, (int)got.w,
		      (int)got.h);
	for (int64_t i = 0; i < got.h * got.w * 3; i++)
		ck_assert_msg(got.rgb[i] == want.rgb[i], "%s: value %d is %d, must be %d", path,
			      (int)i, got.rgb[i], want.rgb[i]);
	free(got.rgb);
	int64_t h, w;
	ck_assert_msg(rnf_picture_size(path, &h, &w) == RNF_OK, "%s", rnf_fail_words());
	ck_assert_msg(h == want.h && w == want.w, "%s: size %dx%d", path, (int)w, (int)h);
}

START_TEST(pixels_are_those_of_pillow)
{
	static const char *const patterns[] = { FOLDER "/*.png", FOLDER "/*.jpg" };
	static const size_t least[] = { 20, 15 };
	if (!ready()) return;
	for (int p = 0; p < 2; p++) {
		glob_t files;
		ck_assert_int_eq(glob(patterns[p], 0, NULL, &files), 0);
		ck_assert_uint_ge(files.gl_pathc, least[p]);
		for (size_t i = 0; i < files.gl_pathc; i++)
			compare(files.gl_pathv[i]);
		globfree(&files);
	}
}
END_TEST

/* Every file of FOLDER/bad, and what is said of it. */
static const struct { const char *name, *words; } bad[] = {
	{ "avif.png", "is a HEIC or AVIF, which is not read here: convert it to PNG or JPEG" },
	{ "bits12.jpg", "a broken JPEG: Unsupported JPEG data precision 12" },
	{ "bmp.jpg", "is a BMP, which is not read here: convert it to PNG or JPEG" },
	{ "bomb.png", "an image of 16384x16384 pixels, may have 16384 a side and 67108864 in all" },
	{ "checksum.png", "a broken PNG: IDAT stream error" },
	{ "cmyk.jpg", "the JPEG is in CMYK, for print: convert it to RGB" },
	{ "codes.jpg", "a broken JPEG: Bogus Huffman table definition" },
	{ "colour.png", "a broken PNG: invalid color type" },
	{ "component.jpg", "a broken JPEG: Invalid component ID 9 in SOS" },
	{ "compression.png", "a broken PNG: invalid compression method" },
	{ "critical.png", "a broken PNG: unknown critical chunk" },
	{ "cut.jpg", "the JPEG is cut" },
	{ "cut.png", "the PNG is cut" },
	{ "cut_progressive.jpg", "the JPEG is cut" },
	{ "data_crc.png", "a broken PNG: IDAT stream error" },
	{ "depth.png", "a broken PNG: invalid bit depth" },
	{ "empty.png", "the file is empty" },
	{ "filter.png", "a broken PNG: invalid scanline filter" },
	{ "filtering.png", "a broken PNG: invalid filter method" },
	{ "five_channels.jpg", "a broken JPEG: Bogus marker length" },
	{ "gif.png", "is a GIF, which is not read here: convert it to PNG or JPEG" },
	{ "header.jpg", "the JPEG is cut" },
	{ "header.png", "the PNG is cut" },
	{ "header_crc.png", "a broken PNG: invalid chunk checksum" },
	{ "heic.jpg", "is a HEIC or AVIF, which is not read here: convert it to PNG or JPEG" },
	{ "huge.png", "an image of 2147483647x2147483647 pixels, may have 16384 a "
	  "side and 67108864 in all" },
	{ "interlace.png", "a broken PNG: invalid interlace method" },
	{ "jpeg2000.jpg", "is a JPEG 2000, which is not read here: convert it to PNG or JPEG" },
	{ "jpegxl.jpg", "is a JPEG XL, which is not read here: convert it to PNG or JPEG" },
	{ "large.jpg", "an image of 65500x65500 pixels, may have 16384 a side and "
	  "67108864 in all" },
	{ "late_palette.png", "a broken PNG: missing PLTE for indexed image" },
	{ "long_chunk.png", "the PNG is cut" },
	{ "long_side.jpg", "an image of 16x16385 pixels, may have 16384 a side and "
	  "67108864 in all" },
	{ "lossless.jpg", "a broken JPEG: Unsupported JPEG process: SOF type 0xc3" },
	{ "marker.jpg", "a broken JPEG: Bogus marker length" },
	{ "middle.jpg", "the JPEG is cut" },
	{ "newlines.png", "is no image of a kind that can be read" },
	{ "no_data.png", "a broken PNG: invalid chunk position" },
	{ "no_end.png", "the PNG is cut" },
	{ "no_height.jpg", "a broken JPEG: Empty JPEG image (DNL not supported)" },
	{ "no_height.png", "an image of 17x0 pixels" },
	{ "no_palette.png", "a broken PNG: missing PLTE for indexed image" },
	{ "no_scan.jpg", "a broken JPEG: Invalid JPEG file structure: missing SOS marker" },
	{ "no_tables.jpg", "a broken JPEG: Quantization table 0x00 was not defined" },
	{ "no_width.jpg", "a broken JPEG: Empty JPEG image (DNL not supported)" },
	{ "no_width.png", "an image of 0x13 pixels" },
	{ "no_zlib.png", "a broken PNG: IDAT stream error" },
	{ "odd_palette.png", "a broken PNG: invalid chunk length" },
	{ "sampling.jpg", "a broken JPEG: Bogus sampling factors" },
	{ "scans.jpg", "the JPEG has more than 256 scans" },
	{ "short.png", "a broken PNG: IDAT stream too short" },
	{ "short_header.png", "a broken PNG: invalid IHDR chunk size" },
	{ "signature.png", "the PNG is cut" },
	{ "start.jpg", "the JPEG is cut" },
	{ "table.jpg", "a broken JPEG: Bogus DQT index 9" },
	{ "tall.png", "an image of 1x16385 pixels, may have 16384 a side and 67108864 in all" },
	{ "text.png", "is no image of a kind that can be read" },
	{ "tiff.jpg", "is a TIFF, which is not read here: convert it to PNG or JPEG" },
	{ "two_frames.jpg", "a broken JPEG: Invalid JPEG file structure: two SOF markers" },
	{ "two_headers.png", "a broken PNG: invalid chunk position" },
	{ "two_starts.jpg", "a broken JPEG: Invalid JPEG file structure: two SOI markers" },
	{ "webp.jpg", "is a WebP, which is not read here: convert it to PNG or JPEG" },
	{ "wide.png", "an image of 16385x1 pixels, may have 16384 a side and 67108864 in all" },
	{ "zeros.jpg", "is no image of a kind that can be read" },
};

START_TEST(broken_files_are_refused_in_words)
{
	struct rnf_picture picture;
	const char *path = rnf_format(FOLDER "/bad/%s", bad[_i].name);
	if (!ready()) return;
	ck_assert_int_eq(rnf_picture_read(path, &picture), RNF_EINVAL);
	const char *want = rnf_format("%s: %s", path, bad[_i].words);
	ck_assert_msg(!strcmp(rnf_fail_words(), want), "%s", rnf_fail_words());
}
END_TEST

START_TEST(every_broken_file_is_in_the_table)
{
	glob_t files;
	ck_assert_int_eq(glob(FOLDER "/bad/*", 0, NULL, &files), 0);
	ck_assert_uint_eq(files.gl_pathc, (size_t)TEST_ROWS(bad));
	globfree(&files);
}
END_TEST

START_TEST(a_missing_file_is_told)
{
	struct rnf_picture picture;
	if (!ready()) return;
	ck_assert_int_eq(rnf_picture_read("/nowhere/a.png", &picture), RNF_EINVAL);
	ck_assert_str_eq(rnf_fail_words(), "/nowhere/a.png: No such file or directory");
	ck_assert_int_eq(rnf_picture_read("/", &picture), RNF_EINVAL);
	ck_assert_str_eq(rnf_fail_words(), "/ is not a regular file");
}
END_TEST

START_TEST(endings_are_listed)
{
	int png = 0, jpg = 0;
	if (!ready()) return;
	for (const char *const *end = rnf_picture_endings(); *end; end++) {
		png += !strcmp(*end, ".png");
		jpg += !strcmp(*end, ".jpg");
	}
	ck_assert_int_eq(png, 1);
	ck_assert_int_eq(jpg, 1);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ pixels_are_those_of_pillow, 0 },
		{ broken_files_are_refused_in_words, TEST_ROWS(bad) },
		{ every_broken_file_is_in_the_table, 0 }, { a_missing_file_is_told, 0 },
		{ endings_are_listed, 0 }, { NULL, 0 },
	};
	return test_run_cases("data/picture", cases);
}
