/* rnframe predict: what it writes of images, and where it puts them. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/png.h"
#include "base/status.h"
#include "data/picture.h"
#include "lib/photos.h"
#include "lib/said.h"
#include "plugin/loader.h"

#define OVER TEST_PHOTOS_SETS
enum { CLASSES = 3, EACH = 7, N = CLASSES * EACH, HEADER = 128 };

/* DIR/run: trained for some steps on DIR/data/train, images of three classes; there is
 * DIR/data/test as well. */
static const char *trained(void)
{
	const char *dir = rnf_format("%s", test_folder("predict"));
	const char *path = test_photos_conf(dir, "\"resize\", \"normalize\"");
	test_photos(rnf_format("%s/data/train", dir), "a,b b,c", 12, 12, 12, 0);
	test_photos(rnf_format("%s/data/test", dir), "a,b b,c", EACH, 12, 12, 0);
	run(0, rnf_format("train %s " OVER " train.batch_size=8 train.max_steps=6 --out %s/run", path,
			  dir));
	return dir;
}

/* Floats of an array [N][CLASSES], and the shape that it names. */
static void read_array(const char *path, const char *shape, float *values)
{
	char header[HEADER + 1] = { 0 };
	struct stat at;
	FILE *f = fopen(path, "rb");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fread(header, 1, HEADER, f), HEADER);
	ck_assert_ptr_nonnull(strstr(header + 10, shape));
	ck_assert_int_eq(stat(path, &at), 0);
	const size_t n = (size_t)(at.st_size - HEADER) / sizeof(float);
	ck_assert_uint_eq(fread(values, sizeof(float), n, f), n);
	fclose(f);
}

static void mirror(const char *path)
{
	struct rnf_picture p;
	ck_assert_msg(rnf_picture_read(path, &p) == RNF_OK, "%s", rnf_fail_words());
	uint8_t *other = rnf_alloc((size_t)(p.h * p.w * 3));
	for (int64_t i = 0; i < p.h * p.w; i++)
		memcpy(other + 3 * i, p.rgb + 3 * (i / p.w * p.w + p.w - 1 - i % p.w), 3);
	free(p.rgb);
	ck_assert_int_eq(rnf_png_write(path, other, p.h, p.w), RNF_OK);
}

static void mirror_all(const char *dir)
{
	static const char *const classes[CLASSES] = { "a", "b b", "c" };
	rnf_loader_path(rnf_format("%s/plugins", test_build()));
	ck_assert_int_eq(rnf_picture_decoders(), RNF_OK);
	for (int i = 0; i < N; i++)
		mirror(rnf_format("%s/%s/%02d.png", dir, classes[i / EACH], i % EACH));
}

/* The probabilities are those of eval; with --tta flip the mean of those that eval gives for
 * the images and for their mirror images. */
START_TEST(an_array_of_probabilities)
{
	float plain[N * CLASSES], mirrored[N * CLASSES], got[N * CLASSES];
	const char *dir = trained();
	const char *shape = "(21, 3)";
	const char *predict = rnf_format("predict %s/run %s/data/test/a '%s/data/test/b b/' %s/data/test/c "
					 "--format npy --out %s/p.npy", dir, dir, dir, dir, dir);
	run(0, rnf_format("eval %s/run --probs %s/plain.npy", dir, dir));
	read_array(rnf_format("%s/plain.npy", dir), shape, plain);
	run(0, predict);
	ck_assert_str_eq(out, "");
	read_array(rnf_format("%s/p.npy", dir), shape, got);
	ck_assert_mem_eq(got, plain, sizeof plain);
	run(0, rnf_format("%s --tta flip threads=3", predict));
	read_array(rnf_format("%s/p.npy", dir), shape, got);
	mirror_all(rnf_format("%s/data/test", dir));
	run(0, rnf_format("eval %s/run --probs %s/mirrored.npy", dir, dir));
	read_array(rnf_format("%s/mirrored.npy", dir), shape, mirrored);
	ck_assert_mem_ne(mirrored, plain, sizeof plain);
	for (int i = 0; i < N * CLASSES; i++)
		ck_assert_float_eq(got[i], 0.5f * (plain[i] + mirrored[i]));
}
END_TEST

/* More images than a batch, of which some are bad: the others are as without them. */
START_TEST(bad_images_among_many)
{
	float got[12 * CLASSES], good[10 * CLASSES];
	const char *dir = trained();
	const char *test = rnf_format("%s/data/test", dir);
	test_shell("cd %s && echo x >a/00.png && head -c 90 c/03.png >c/x.png && mkdir e && "
		   "(ls a/*.png; echo gone.png; ls c/*.png) | head -12 >list", test);
	run(2, rnf_format("predict %s/run - <%s/list --format npy --out %s/p.npy", dir, test, dir));
	has("12 of 12 images cannot be used; their lines say why"); /* named from another folder */
	ck_assert_int_eq(test_command(out, sizeof out, "cd %s && p=$OLDPWD/%s/rnframe && $p predict "
		"../../run - <list --format npy --out ../../p.npy 2>&1", test, test_build()), 2);
	has("2 of 12 images cannot be used");
	read_array(rnf_format("%s/p.npy", dir), "(12, 3)", got);
	test_shell("sed 's|^|%s/|' %s/list | sed '1d; 8d' >%s/good", test, test, dir);
	run(0, rnf_format("predict %s/run - <%s/good --format npy --out %s/good.npy", dir, dir, dir));
	read_array(rnf_format("%s/good.npy", dir), "(10, 3)", good);
	for (int i = 0, k = 0; i < 12; i++) {
		const int bad = i == 0 || i == 7;
		ck_assert_msg(isnan(got[i * CLASSES]) == bad, "image %d", i);
		if (!bad) ck_assert_mem_eq(got + i * CLASSES, good + k++ * CLASSES, CLASSES * sizeof *got);
	}
	test_shell("grep -q '\"errors\": \\[\"is no image of a kind that can be read\", null' %s/p.json",
		   dir);
	test_shell("grep -q '\"classes\": \\[\"a\", \"b b\", \"c\"\\], \"files\": \\[\"a/00.png\", "
		   "\"a/01.png\"' %s/p.json", dir);
	run(2, rnf_format("predict %s/run %s/e %s/c", dir, test, test));
	has("/e has no images; the folders in it are not searched");
	run(2, rnf_format("predict %s/run %s/c --topk 1", dir, test));
	has("/c/x.png\",\"error\":\"the PNG is cut\"}");
	has("1 of 8 images");
}
END_TEST

/* Names with spaces, in quotes, and with a line feed. */
START_TEST(a_list_of_names)
{
	const char *dir = trained();
	const char *test = rnf_format("%s/data/test", dir);
	test_shell("cp %s/a/00.png \"$(printf '%s/c/x\\ny.png')\"", test, test);
	run(0, rnf_format("predict %s/run - <<E\n%s/b b/00.png\n\n%s/a/01.png\nE\n", dir, test, test));
	const char *first = strstr(out, "/b b/00.png\"");
	ck_assert_ptr_nonnull(first);
	ck_assert_ptr_nonnull(strstr(first, "/a/01.png\""));
	ck_assert_int_eq(test_command(out, sizeof out, "find %s/c -name 'x*' -print0 | %s/rnframe predict "
		"%s/run - --format csv --topk 1 2>&1", test, test_build(), dir), 0);
	has("file,error,label1,p1\r\n");
	has("/c/x\ny.png\",,\"");
	test_shell("test $(%s/rnframe predict %s/run %s/a --format csv | grep -c $(printf '\\r')'$') = %d",
		   test_build(), dir, test, EACH + 1);
	ck_assert_int_eq(test_command(out, sizeof out, "%s/rnframe predict %s/run - </dev/null 2>&1",
				      test_build(), dir), 0);
	ck_assert_str_eq(out, "");
}
END_TEST

/* 160 kB of names. */
START_TEST(a_long_list_of_names)
{
	enum { NAMES = 4000 };
	const char *dir = trained();
	test_shell("cd %s && yes %040d.png | head -n %d | $OLDPWD/%s/rnframe predict run - --format csv "
		   ">long 2>log; test $? = 2 && test $(grep -c '07.png.,.No such' long) = %d", dir, 7,
		   NAMES, test_build(), NAMES);
}
END_TEST

START_TEST(images_are_sorted_by_class)
{
	const char *dir = trained();
	const char *test = rnf_format("%s/data/test", dir), *into = rnf_format("%s/sorted", dir);
	run(0, rnf_format("predict %s/run %s/a/00.png %s/a/01.png --sort-into %s", dir, test, test, into));
	has("/00.png\"}");
	run(0, rnf_format("predict %s/run %s/a '%s/b b' %s/c --sort-into %s --format csv --topk 1 "
			  "--out %s/p.csv", dir, test, test, test, into, dir));
	test_shell("test $(ls %s/*/*.png | wc -l) = 23", into); /* the first two have numbers */
	test_shell("test $(stat -c %%a %s/*/ | sort -u) = $(printf %%o $((0777 & ~$(umask))))", into);
	test_shell("test $(ls %s/*/00*-*.png | wc -l) -ge 1", into);
	test_shell("tail -n +2 %s/p.csv | tr -d '\\r' | while IFS=, read file error label p as; do "
		   "eval cmp $file $as || exit 1; eval test \"\\$(dirname $as)\" = %s/$label || exit 1; "
		   "done", dir, into);
	test_shell("test $(stat -c %%h %s/a/02.png) = 1", test);
	run(0, rnf_format("predict %s/run %s/a --sort-into %s/linked --link", dir, test, dir));
	test_shell("test $(stat -c %%h %s/a/02.png) = 2", test);
	test_shell("cd %s && echo x >c/00.png && ln -s ../../a/01.png c/link.png", test);
	run(2, rnf_format("predict %s/run %s/c/00.png --sort-into %s/none", dir, test, dir));
	test_shell("test -z \"$(ls %s/none)\"", dir);
}
END_TEST

static const struct { const char *arguments, *words; } refused[] = {
	{ "@/data/test/a --sort-into @/data/test/a", "/00.png is in it; name a folder that has none" },
	{ "@/data/test/a --sort-into @/data", "/00.png is in it; name a folder that has none" },
	{ "@/data/test/a --sort-into @/photos.cfg", "photos.cfg is no folder" },
	{ "@/data/test/a --link", "--link says how --sort-into DIR sorts, which is not given" },
	{ "@/data/test/a --tta mirror", "--tta is \"mirror\", must be flip" },
	{ "@/data/test/a --format xml", "--format is \"xml\", must be jsonl, csv or npy" },
	{ "@/data/test/a --format npy", "--format npy needs a file to write: --out FILE.npy" },
	{ "@/data/test/a --format npy --out @/p.bin", "needs a file to write: --out FILE.npy" },
	{ "@/data/test/a --out @/data/test/a/00.png", "--out names a file that is read" },
	{ "@/data/test/a --out @/run/model.safetensors", "--out names a file that is read" },
	{ "@/data/test/a --topk 0", "--topk is \"0\", must be a number of 1 .. " },
};

START_TEST(nonsense_is_refused)
{
	const char *dir = trained();
	for (int i = 0; i < TEST_ROWS(refused); i++) {
		run(2, rnf_format("predict %s/run %s", dir, in(dir, refused[i].arguments)));
		has(refused[i].words);
	}
	test_shell("cd %s/data && for i in $(seq 300); do cp test/a/00.png train/a/x$i.png; done", dir);
	run(0, rnf_format("predict %s/run %s/data/train/a/*.png", dir, dir)); /* many words */
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ an_array_of_probabilities, 0 }, { bad_images_among_many, 0 },
		{ a_list_of_names, 0 }, { a_long_list_of_names, 0 },
		{ images_are_sorted_by_class, 0 },
		{ nonsense_is_refused, 0 }, { NULL, 0 },
	};
	return test_run_cases("cli/predict", cases);
}
