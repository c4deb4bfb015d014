/* Folders of images, from files to a trained model. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "lib/bad.h"
#include "lib/photos.h"
#include "lib/said.h"

#define OVER TEST_PHOTOS_SETS

static const char usual[] = "\"resize\", \"flip\", \"normalize\"";

/* 30 images of three classes: a fifth of each for the test, a tenth of the others for
 * validation. */
START_TEST(a_folder_trains_and_is_evaluated)
{
	const char *dir = test_folder("images_whole");
	test_photos(rnf_format("%s/data", dir), "red things,gr\xc3\xbcn,it's blue", 30, 10, 14, 1);
	const char *c = test_photos_conf(dir, usual);
	run(0, rnf_format("train %s " OVER " train.epochs=8 train.batch_size=8 "
		      "train.optimizer.lr=0.02 --out %s/run", c, dir));
	has("images 18 ");
	run(0, rnf_format("eval %s " OVER " --weights %s/run/model.safetensors --report %s/report",
			  c, dir, dir));
	has("error 0.00 %");
	test_shell("grep -q '^\"gr\xc3\xbcn\",6,0,0' %s/report/confusion.csv", dir);
	run(0, rnf_format("predict %s/run \"%s/data/it's blue/03.png\" %s/data/gr*/04.png", dir, dir,
			  dir));
	has("\"label\":\"it's blue\"");
	has("\"label\":\"gr\xc3\xbcn\"");
	run(0, rnf_format("check %s " OVER, c));
	has("66 training, 6 validation and 18 test images of 12 x 12 x 3, 3 classes");
	test_shell("mv '%s/data/red things' %s/data/Red", dir, dir); /* now it comes first */
	run(2, rnf_format("eval %s " OVER " --weights %s/run/model.safetensors", c, dir));
	has("class 0 of the model is \"gr\xc3\xbcn\", of the data \"Red\"");
}
END_TEST

/* Windows of images of one size, of one shorter side, and as they are. */
static const char *const drawn[] = {
	"{ type = \"resize\"; size = [16, 18]; }, \"random_resized_crop\", \"mixup\", \"normalize\"",
	"{ type = \"resize\"; size = [16]; }, \"random_resized_crop\", \"mixup\", \"normalize\"",
	"\"random_resized_crop\", \"flip\", \"normalize\"",
};

/* Decoding is shared out, windows are drawn by image and epoch. */
START_TEST(same_bits_on_any_threads)
{
	const char *dir = test_folder("images");
	test_photos(rnf_format("%s/data", dir), "a,b,c", 12, 20, 20, 1);
	const char *c = test_photos_conf(dir, drawn[_i]);
	for (int threads = 1; threads <= 3; threads++)
		run(0, rnf_format("train %s " OVER " threads=%d --out %s/run%d", c, threads, dir,
				  threads));
	test_shell("cd %s && cmp run1/model.safetensors run2/model.safetensors && "
		   "cmp run1/model.safetensors run3/model.safetensors", dir);
}
END_TEST

/* Where no model.input says another size, and every image has the same. */
START_TEST(a_model_takes_images_as_they_are)
{
	const char *dir = test_folder("images");
	test_photos(rnf_format("%s/data", dir), "a,b", 10, 12, 12, 0);
	run(0, rnf_format("check %s train.metrics=accuracy",
			  test_photos_conf(dir, "\"center_crop\", \"normalize\"")));
	has("input 12 x 12 x 3");
}
END_TEST

START_TEST(splits_of_the_folder)
{
	const char *dir = test_folder("images");
	test_photos(rnf_format("%s/data/train", dir), "a,b", 10, 12, 12, 0);
	test_photos(rnf_format("%s/data/val", dir), "a,b", 3, 12, 12, 0);
	test_photos(rnf_format("%s/data/test", dir), "b", 4, 12, 12, 0);
	run(0, rnf_format("check %s " OVER, test_photos_conf(dir, "\"normalize\"")));
	has("20 training, 6 validation and 4 test images");
	run(0, rnf_format("train %s " OVER " data.part=0.5 train.max_steps=2 --out %s/run",
			  test_photos_conf(dir, "\"normalize\""), dir));
	has("images 4 ");
	test_shell("rm -r %s/data/test", dir); /* then val/ is what the test split is */
	run(0, rnf_format("check %s " OVER, test_photos_conf(dir, "\"normalize\"")));
	has("18 training, 2 validation and 6 test images");
}
END_TEST

START_TEST(bad_files_stop_or_are_left_out)
{
	const char *dir = test_folder("images");
	test_photos(rnf_format("%s/data", dir), "a,b", 10, 12, 12, 0);
	const char *c = test_photos_conf(dir, usual);
	test_shell("cd %s/data && head -c 100 a/00.png >a/x.png && cp a/x.png b/x.png", dir);
	run(2, rnf_format("check %s " OVER, c));
	has("/data/a/x.png: the PNG is cut, and 1 more (rnframe data check lists them; "
	    "data.on_bad_image = \"skip\" leaves them out)");
	run(0, rnf_format("check %s " OVER " data.on_bad_image=skip", c));
	has("left out: ");
	has("/data/b/x.png: the PNG is cut\n");
	has("2 of 22 images cannot be read and are left out");
	has("14 training, 2 validation and 4 test images");
	run(0, rnf_format("train %s " OVER " data.on_bad_image=skip --out %s/skipped", c, dir));
	test_shell("rm %s/data/b/x.png", dir);
	run(2, rnf_format("check %s " OVER, c));
	has("photos.cfg:4: ");
	has("/data/a/x.png: the PNG is cut (data.on_bad_image = \"skip\" leaves it out)");
	test_shell("rm %s/data/a/x.png", dir); /* the same images are left */
	run(0, rnf_format("train %s " OVER " data.on_bad_image=skip --out %s/whole", c, dir));
	test_shell("cd %s && cmp skipped/model.safetensors whole/model.safetensors", dir);
	test_shell("cd %s/data && for f in */*.png; do echo x >$f; done", dir);
	run(2, rnf_format("check %s " OVER " data.on_bad_image=skip", c));
	has("/b/09.png: is no image of a kind that can be read");
}
END_TEST

/* An image that cannot be decoded ends each of these later. */
START_TEST(folders_are_probed_before_images_are_decoded)
{
	const char *dir = test_folder("images");
	test_photos(rnf_format("%s/data", dir), "a,b", 10, 12, 12, 0);
	const char *c = test_photos_conf(dir, usual);
	test_shell("cd %s/data && head -c 100 a/00.png >a/x.png && echo >../file", dir);
	run(3, rnf_format("train %s " OVER " --out %s/file/run", c, dir));
	has("/file/run: Not a directory; --out DIR is another folder for the run");
	run(2, rnf_format("lr %s " OVER " --out %s/file", c, dir));
	has("--out is ");
	has("/file, must be a folder");
	run(2, rnf_format("eval %s " OVER " --weights none.safetensors --report %s/file", c, dir));
	has("--report is ");
	has("/file, must be a folder");
	run(3, rnf_format("study %s --seeds 1 --out %s/file/study", c, dir));
	has("/file/study: Not a directory; --out DIR is another folder for the study");
	test_shell("mkdir %s/own && echo mine >%s/own/table.md", dir, dir);
	run(2, rnf_format("study %s --seeds 1 --out %s/own", c, dir));
	has("/own/table.md is not a file of a study: choose another --out");
	run(2, rnf_format("lr %s " OVER " --out %s/new", c, dir));
	has("the PNG is cut");
	test_shell("test ! -e %s/new", dir);
}
END_TEST

/* More than memory may hold goes to a file, which the next run reads: the same images. */
START_TEST(many_images_go_to_a_file)
{
	const char *dir = test_folder("images");
	const char *over = OVER " train.max_steps=2";
	test_photos(rnf_format("%s/data", dir), "a,b", 10, 20, 20, 1);
	const char *c = test_photos_conf(dir, "{ type = \"resize\"; size = [200, 210]; }, "
			     "\"random_resized_crop\", \"normalize\"");
	const char *program = rnf_format("XDG_CACHE_HOME=%s/cache %s/rnframe", dir, test_build());
	test_shell("%s train %s %s --out %s/memory >%s/log 2>&1", program, c, over, dir, dir);
	test_shell("test ! -e %s/cache", dir);
	test_shell("%s train %s %s data.cache_mib=1 --out %s/file >%s/log 2>&1", program, c, over, dir,
		   dir);
	test_shell("ls -i %s/cache/rnframe >%s/first && test $(wc -l <%s/first) = 1", dir, dir, dir);
	test_shell("%s train %s %s data.cache=disk threads=1 --out %s/again >%s/log 2>&1", program, c,
		   over, dir, dir);
	test_shell("ls -i %s/cache/rnframe | cmp - %s/first", dir, dir);
	test_shell("cd %s && cmp memory/model.safetensors file/model.safetensors && "
		   "cmp memory/model.safetensors again/model.safetensors", dir);
	ck_assert_int_eq(test_command(out, sizeof out, "XDG_CACHE_HOME=/dev/null %s/rnframe check %s "
		OVER " data.cache_mib=1 2>&1", test_build(), c), 3);
	has("data.cache: 20 images of at most 210x200 take 0.0 GB, may take 0.0 GB of memory, and /dev/null");
	ck_assert_int_eq(test_command(out, sizeof out, "XDG_CACHE_HOME= HOME= %s/rnframe check %s "
		OVER " data.cache_mib=1 2>&1", test_build(), c), 2);
	has("there is no folder for them (HOME and XDG_CACHE_HOME are not set)");
}
END_TEST

/* A disk that garbles what it keeps: the step that reads it ends the run, the next start
 * decodes again. */
START_TEST(a_damaged_cache_ends_the_run)
{
	const char *dir = test_folder("images");
	test_photos(rnf_format("%s/data", dir), "a,b", 10, 12, 12, 0);
	const char *c = test_photos_conf(dir, usual);
	const char *program = rnf_format("XDG_CACHE_HOME=%s/cache %s/rnframe", dir, test_build());
	test_shell("%s check %s " OVER " data.cache=disk >%s/log 2>&1", program, c, dir);
	test_shell("cd %s/cache/rnframe && for i in $(seq 0 19); do "
		   "printf '\\1\\2' | dd of=$(ls) bs=1 seek=$((64 + 20 * 32 + i * 432 + 100)) "
		   "conv=notrunc 2>/dev/null; done", dir);
	ck_assert_int_eq(test_command(out, sizeof out, "%s train %s " OVER " data.cache=disk --out %s/run "
				      "2>&1", program, c, dir), 3);
	has(".images was damaged and is removed: the next run decodes the images again");
	test_shell("%s train %s " OVER " data.cache=disk --out %s/again >%s/log 2>&1", program, c, dir,
		   dir);
}
END_TEST

START_TEST(a_run_resumes)
{
	const char *dir = test_folder("images");
	test_photos(rnf_format("%s/data", dir), "a,b", 20, 14, 12, 1);
	const char *c = test_photos_conf(dir, usual);
	run(0, rnf_format("train %s " OVER " --out %s/whole", c, dir));
	run(0, rnf_format("train %s " OVER " train.max_steps=3 --out %s/parts", c, dir));
	run(0, rnf_format("train %s " OVER " --out %s/parts --resume auto", c, dir));
	test_shell("cmp %s/whole/model.safetensors %s/parts/model.safetensors", dir, dir);
	run(0, rnf_format("verify %s/parts --steps 2", dir));
}
END_TEST

START_TEST(too_few_images_for_a_test_split)
{
	const char *dir = test_folder("images");
	test_photos(rnf_format("%s/data", dir), "a,b", 2, 12, 12, 0);
	run(2, rnf_format("check %s " OVER, test_photos_conf(dir, usual)));
	has("data: no class has images enough that 0.2 of them are one for the test split: raise that "
	    "share (data.test), or add a test split");
	run(0, rnf_format("check %s " OVER " data.test=0.5", test_photos_conf(dir, usual)));
	has("2 training, 0 validation and 2 test images");
	test_shell("mv %s/data/a \"$(printf '%s/data/a\\nb')\"", dir, dir);
	run(2, rnf_format("check %s " OVER " data.test=0.5", test_photos_conf(dir, usual)));
	has("the name of class 0, \"a\\x0ab\", must be a text without control characters");
}
END_TEST

/* -- arrays -- */

static void write_array(const char *path, const char *shape, const uint8_t *bytes, size_t n)
{
	FILE *f = fopen(path, "wb");
	const char *header = rnf_format("{'descr': '|u1', 'fortran_order': False, 'shape': %s, }\n",
					shape);
	ck_assert_ptr_nonnull(f);
	fwrite("\x93NUMPY\1\0", 1, 8, f);
	fputc((int)strlen(header), f);
	fputc(0, f);
	fputs(header, f);
	ck_assert_uint_eq(fwrite(bytes, 1, n, f), n);
	fclose(f);
}

/* Two classes, dark and bright; a fifth of each becomes the test split. */
START_TEST(arrays_train)
{
	static uint8_t x[40][8][8], y[40];
	const char *dir = test_folder("arrays");
	for (int i = 0; i < 40; i++) {
		y[i] = (uint8_t)(i % 2);
		memset(x[i], i % 2 ? 200 + i : i, sizeof x[i]);
	}
	write_array(rnf_format("%s/X.npy", dir), "(40, 8, 8)", x[0][0], sizeof x);
	write_array(rnf_format("%s/y.npy", dir), "(40,)", y, sizeof y);
	const char *over = "data.type=npy train.metrics=accuracy train.pictures=false";
	run(0, rnf_format("check synthetic.cfg %s data.path=%s", over, dir));
	has("npy, 28 training, 4 validation and 8 test images of 8 x 8 x 1, 2 classes");
	run(0, rnf_format("train synthetic.cfg %s data.path=%s --out %s/run", over, dir, dir));
	has("images 8 ");
	run(0, rnf_format("data check synthetic.cfg %s data.path=%s", over, dir));
	has("test     none: a run draws 0.2 of each class");
}
END_TEST

static const struct { const char *augment, *over, *words; } mistakes[] = {
	{ "\"normalize\"", OVER, "comes as 11x13, other images as 10x12: put \"resize\" first" },
	{ "\"flip\", \"resize\"", OVER, "comes as 11x13, other images" },
	{ "{ type = \"resize\"; size = [40, 40]; }, \"flip\", \"center_crop\"", OVER,
	  "data.augment: center_crop takes images as the data set has them, so it must stand "
	  "before flip" },
	{ "\"resize\"", OVER " data.path=/nowhere", "data.path: /nowhere: No such file or directory" },
	{ "\"resize\"", OVER " data.path=/etc/passwd", "data.path: /etc/passwd is no folder" },
	{ "\"resize\"", OVER " data.path=/proc/self/fdinfo", "has no training images" },
	{ "{ type = \"resize\"; size = [1, 2, 3]; }", OVER, "size has 3 numbers" },
};

START_TEST(mistakes_are_told)
{
	const char *dir = test_folder("images");
	test_photos(rnf_format("%s/data", dir), "a,b", 20, 12, 10, 1);
	run(2, rnf_format("check %s %s", test_photos_conf(dir, mistakes[_i].augment), mistakes[_i].over));
	has(mistakes[_i].words);
}
END_TEST

static void write_sick(const char *dir, char how)
{
	FILE *f = fopen(rnf_format("%s/a/%c.sick", dir, how), "w");
	ck_assert_ptr_nonnull(f);
	fprintf(f, "SICK%c", how);
	fclose(f);
}

START_TEST(a_decoder_that_ends_the_program_is_named)
{
	const char *bad = test_bad_plugins(), *dir = test_folder("images_sick");
	test_shell("mkdir %s/a", dir);
	write_sick(dir, '1');
	run(0, rnf_format("data check %s --plugin-path %s", dir, bad));
	write_sick(dir, "ld"[_i]);
	run(5, rnf_format("data check %s --plugin-path %s", dir, bad));
	has("exit() in decoder.sick: a plugin must not end");
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ a_folder_trains_and_is_evaluated, 0 }, { same_bits_on_any_threads, TEST_ROWS(drawn) },
		{ a_model_takes_images_as_they_are, 0 },
		{ splits_of_the_folder, 0 }, { bad_files_stop_or_are_left_out, 0 },
		{ folders_are_probed_before_images_are_decoded, 0 },
		{ many_images_go_to_a_file, 0 }, { a_damaged_cache_ends_the_run, 0 },
		{ a_run_resumes, 0 },
		{ too_few_images_for_a_test_split, 0 }, { arrays_train, 0 },
		{ mistakes_are_told, TEST_ROWS(mistakes) },
		{ a_decoder_that_ends_the_program_is_named, 2 }, { NULL, 0 },
	};
	return test_run_cases("cli/images", cases);
}
