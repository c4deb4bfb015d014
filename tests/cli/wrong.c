/* rnframe mistakes: images that cost most, and labels that are wrong on purpose. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "data/picture.h"
#include "lib/photos.h"
#include "lib/said.h"
#include "plugin/loader.h"

#define OVER TEST_PHOTOS_SETS

/* DIR/run has learned a, b and c; of the test images of b the first two are of a. */
static const char *trained(void)
{
	const char *dir = rnf_format("%s", test_folder("wrong"));
	const char *path = test_photos_conf(dir, "\"resize\", \"normalize\"");
	test_photos(rnf_format("%s/data/train", dir), "a,b,\"c\"", 30, 12, 12, 0);
	test_photos(rnf_format("%s/data/test", dir), "a,b,\"c\"", 10, 12, 12, 0);
	test_shell("cd %s/data/test && cp a/03.png b/00.png && cp a/09.png b/01.png", dir);
	run(0, rnf_format("train %s " OVER " train.epochs=8 train.batch_size=8 train.optimizer.lr=0.02 "
			  "--out %s/run", path, dir));
	return dir;
}

/* A row of the table for each of the two, the first two of 30. */
static const char *const rows[] = {
	"costliest,1,2", "costliest,2,2", "label,1,2", "label,2,2",
};

START_TEST(wrong_labels_are_found)
{
	const char *dir = trained();
	run(0, rnf_format("mistakes %s/run --top 3 --csv %s/m.csv --json %s/m.json --sheet %s/m.png", dir,
			  dir, dir, dir));
	has("test: 2 of 30 images are classified wrongly; labels that are probably wrong, by "
	    "confident learning: 2\n");
	has("costliest images, 3 of 30:\n");
	has("labels that are probably wrong, 2 of 2:\n");
	test_shell("head -1 %s/m.csv | tr -d '\\r' | grep -qx 'list,rank,index,file,true,predicted,likely,"
		   "p_true,p_predicted,cross_entropy'", dir);
	for (int i = 0; i < TEST_ROWS(rows); i++)
		test_shell("grep -q '^%s[01],\".*/data/test/b/0[01].png\",\"b\",\"a\",\"a\","
			   "[0-9.e-]*,0.99' %s/m.csv", rows[i], dir);
	test_shell("test $(wc -l <%s/m.csv) = 6", dir);
	test_shell("grep -q '\"probably_wrong_labels\": 2, \"method\": \"confident learning\", "
		   "\"thresholds\": {\"\\\\\"c\\\\\"\": ' %s/m.json", dir);
	run(0, rnf_format("mistakes %s/run --split val --top 1", dir));
	has("validation: 0 of 9 images");
	has("labels that are probably wrong, 0 of 0:\n");
	run(0, rnf_format("mistakes %s/run/model.safetensors --split train data.path=%s/data", dir, dir));
	has("train: 0 of 81 images");
}
END_TEST

/* Two lists of pictures with words: of three in one row, and of two. */
START_TEST(the_sheet_is_a_picture)
{
	struct rnf_picture sheet;
	const char *dir = trained();
	run(0, rnf_format("mistakes %s/run --top 3 --sheet %s/m.png", dir, dir));
	rnf_loader_path(rnf_format("%s/plugins", test_build()));
	ck_assert_int_eq(rnf_picture_decoders(), RNF_OK);
	ck_assert_int_eq(rnf_picture_read(rnf_format("%s/m.png", dir), &sheet), RNF_OK);
	ck_assert_int_eq(sheet.w, 8 * (112 + 6) + 6);
	ck_assert_int_eq(sheet.h, 6 + 2 * 20 + 2 * (112 + 2 * 11 + 6));
	const uint8_t *pixel = sheet.rgb + ((6 + 20 + 56) * sheet.w + 6 + 56) * 3; /* of the first */
	ck_assert(pixel[0] > 140 && pixel[1] < 120); /* is of a */
	const int64_t column = 6 + 3 * (112 + 6) + 50; /* there is no fourth */
	ck_assert_int_eq(sheet.rgb[((6 + 20 + 56) * sheet.w + column) * 3], 255);
	free(sheet.rgb);
	run(0, rnf_format("data check %s/data --sheet %s/d.png", dir, dir));
	ck_assert_int_eq(rnf_picture_read(rnf_format("%s/d.png", dir), &sheet), RNF_OK);
	ck_assert_int_eq(sheet.h, 6 + 3 * 20 + 3 * (64 + 6)); /* a row of each class, and its name */
	free(sheet.rgb);
}
END_TEST

static const struct { const char *arguments, *words; int status; } refused[] = {
	{ "", "mistakes needs a run folder or a file of weights", 2 },
	{ "nowhere", "nowhere: there is no such run folder or file of weights", 2 },
	{ "@/run --top 0", "--top is \"0\", must be a number of 1 .. 1000000", 2 },
	{ "@/run --top many", "--top is \"many\"", 2 },
	{ "@/run --split dev", "--split is \"dev\", must be test, validation or train", 2 },
	{ "@/run --sheet @/x --csv @/x", "name one file", 2 },
	{ "@/run/model.safetensors --csv @/run/model.safetensors", "--csv names a file that is read", 2 },
	{ "@/run --sheet @/x.jpg", "--sheet writes a .png file: ", 2 },
	{ "@/run --sheet /nowhere/x.png", "/nowhere/x.png: No such file", 3 },
	{ "@/run data.path=/nowhere", "/nowhere: No such file", 2 },
};

START_TEST(nonsense_is_refused)
{
	const char *dir = trained();
	for (int i = 0; i < TEST_ROWS(refused); i++) {
		run(refused[i].status, rnf_format("mistakes %s", in(dir, refused[i].arguments)));
		has(refused[i].words);
	}
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ wrong_labels_are_found, 0 }, { the_sheet_is_a_picture, 0 },
		{ nonsense_is_refused, 0 }, { NULL, 0 },
	};
	return test_run_cases("cli/wrong", cases);
}
