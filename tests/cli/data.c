/* rnframe data check, and new conf: from a folder to a conf that trains. */
#include <stdio.h>
#include <string.h>

#include <rnframe/npy.h>

#include "lib/photos.h"
#include "lib/said.h"

/* Two classes; an image three times, across splits and classes, one twice across classes. */
static const char *make(void)
{
	const char *dir = test_folder("data_check");
	test_photos(rnf_format("%s/train", dir), "a,b", 6, 10, 14, 0);
	test_photos(rnf_format("%s/test", dir), "a", 2, 12, 9, 0);
	test_shell("cd %s && cp train/a/00.png test/a/x.png && cp train/b/01.png train/a/y.png && "
		   "cp train/a/00.png train/b/z.png && echo x >stray", dir);
	return dir;
}

START_TEST(a_folder_is_described)
{
	const char *dir = make();
	run(0, rnf_format("data check %s --sheet %s/sheet.png", dir, dir));
	has(rnf_format("data     %s: 14 training and 3 test images\n", dir));
	has("classes  2; images of each for training, validation, test:\n"
	    "        7       0       3  a\n"
	    "        7       0       0  b\n");
	has("balance  7 to 7 training images a class\n");
	has("sizes    heights 10 to 12, median 10; widths 9 to 14, median 14 (height x width)\n");
	has("same     3 images have the pixels of another one, 1 of them in train and test, 2 with "
	    "another class:\n");
	has("/train/b/01.png = ");
	has("/test/a/x.png = ");
	has("bad      0 files cannot be read\n");
	has("1 entry is no image of a class and left out: ");
	run(0, rnf_format("data check %s", dir)); /* the sheet is a stray picture now */
	has("2 entries are no image of a class");
}
END_TEST

START_TEST(bad_files_are_listed)
{
	const char *dir = make();
	test_shell("cd %s && head -c 90 train/a/00.png >train/a/bad.png && : >test/a/bad.png", dir);
	run(2, rnf_format("data check %s", dir));
	has("bad      2 files cannot be read:\n");
	has("/train/a/bad.png: the PNG is cut\n");
	has("/test/a/bad.png: the file is empty\n");
	has(": 2 files cannot be read\n");
	run(0, rnf_format("new conf %s/p.cfg --data %s", dir, dir));
	has(": 2 files cannot be read: rnframe data check names them; data.on_bad_image=skip leaves them "
	    "out\n");
	run(2, rnf_format("data check %s/none", dir));
	has(rnf_format("there is no folder %s/none, and there is no conf %s/none", dir, dir));
}
END_TEST

static void write_array(const char *path, int32_t rank, const int64_t *shape, const float *values)
{
	char header[RNF_NPY_HEADER];
	size_t n = 1;
	FILE *f = fopen(path, "wb");
	ck_assert_ptr_nonnull(f);
	for (int32_t i = 0; i < rank; i++)
		n *= (size_t)shape[i];
	rnf_npy_header(header, rank, shape);
	ck_assert_uint_eq(fwrite(header, 1, sizeof header, f), sizeof header);
	ck_assert_uint_eq(fwrite(values, sizeof *values, n, f), n);
	ck_assert_int_eq(fclose(f), 0);
}

/* Of pixels with equal channels. */
START_TEST(grey_images_look_as_in_colour)
{
	enum { IMAGES = 12, H = 9, W = 7, SIZE = IMAGES * H * W };
	static float pixels[3 * SIZE], labels[IMAGES];
	if (!test_has_plugin("dataset", "npy")) return;
	const char *dir = test_folder("data_grey");
	for (int c = 1; c <= 3; c += 2) {
		const char *at = rnf_format("%s/%d", dir, c);
		for (int i = 0; i < c * SIZE; i++)
			pixels[i] = (float)(i / c * 37 % 256) / 255;
		test_shell("mkdir %s", at);
		write_array(rnf_format("%s/X.npy", at), 4, (int64_t[]){ IMAGES, H, W, c }, pixels);
		write_array(rnf_format("%s/y.npy", at), 1, (int64_t[]){ IMAGES }, labels);
		run(0, rnf_format("data check synthetic.cfg data.type=npy data.path=%s data.classes=2 "
				  "--sheet %s.png", at, at));
	}
	test_shell("cmp %s/1.png %s/3.png", dir, dir);
}
END_TEST

START_TEST(a_conf_is_described)
{
	run(0, "data check synthetic.cfg data.images=50");
	has("data     synthetic.cfg: 50 training and 32 test images\n");
	has("classes  10; images of each");
	has("sizes    all 8 x 8 (height x width)\n");
	has("same     0 images");
	run(2, "data check /nowhere.cfg");
	has("/nowhere.cfg");
	run(2, rnf_format("data check %s data.part=0.5", make()));
	has("is a folder and takes no data.part=0.5");
	run(2, "data");
	has("data takes: check DIR|CONF");
	run(2, "data chek x");
	has("data takes: check DIR|CONF");
}
END_TEST

/* All values by the colours of photos.c: a bright channel of 150 + 0..89, others 20 + 0..89. */
START_TEST(a_new_conf_trains)
{
	const char *dir = test_folder("new conf");
	const char *data = rnf_format("%s/it's \"my\" gr\xc3\xbcn", dir);
	test_photos(data, "r,g,b", 10, 40, 30, 1);
	const char *set = "train.epochs=2 train.scheduler.warmup=1 train.max_steps=2 "
			  "train.pictures=false train.callbacks=checkpoint";
	run(0, rnf_format("new conf '%s/p.cfg' --data \"%s/it's \\\"my\\\" gr\xc3\xbcn\"", dir, dir));
	has("next: rnframe train ");
	run(0, rnf_format("check '%s/p.cfg'", dir));
	has("model    it_s__my__gr__n, ");
	has("input 32 x 32 x 3\n");
	has("21 training, 3 validation and 6 test images of 32 x 32 x 3, 3 classes\n");
	test_shell("grep -q 'mean=\\[0.4[12]..,0.4[12]..,0.4[12]..\\]' '%s/p.cfg'", dir);
	run(0, rnf_format("train '%s/p.cfg' %s --out '%s/run'", dir, set, dir));
	run(2, rnf_format("new conf '%s/p.cfg' --data '%s/run'", dir, dir));
	has("exists; it is not overwritten");
	test_shell("cd '%s' && for d in it*/r; do echo no image >\"$d/broken.png\"; done",
		   dir);
	run(2, rnf_format("train '%s/p.cfg' --out '%s/run'", dir, dir));
	has("/run holds a run already: "); /* before its images are read */
}
END_TEST

/* The share of the test grows until it is an image; of one image there is none. */
START_TEST(a_new_conf_of_few_images)
{
	const char *dir = test_folder("few");
	test_photos(rnf_format("%s/data", dir), "a", 2, 12, 12, 0);
	run(0, rnf_format("new conf %s/p.cfg --data %s/data", dir, dir));
	test_shell("grep -q '\"data.test=0.5\"' %s/p.cfg", dir);
	run(0, rnf_format("check %s/p.cfg", dir));
	has("1 training, 0 validation and 1 test images of 12 x 12 x 3, 1 class\n");
	has("the data has one class: there is nothing to tell apart");
	test_shell("rm %s/data/a/00.png", dir);
	run(2, rnf_format("new conf %s/q.cfg --data %s/data", dir, dir));
	has("no class has two images: one to learn from, one to test on");
	test_photos(rnf_format("%s/data", dir), "a", 5, 12, 12, 0);
	run(0, rnf_format("new conf %s/r.cfg --data %s/data", dir, dir));
	test_shell("grep -q '\"data.test=0.2\"' %s/r.cfg", dir);
	test_shell("mkdir %s/split && mv %s/data %s/split/train && cp -r %s/split/train %s/split/test",
		   dir, dir, dir, dir, dir);
	run(0, rnf_format("new conf %s/s.cfg --data %s/split", dir, dir));
	test_shell("! grep -q data.test %s/s.cfg", dir);
}
END_TEST

START_TEST(many_classes_get_no_picture)
{
	const char *dir = test_folder("many"), *classes = "c000";
	for (int k = 1; k <= 500; k++)
		classes = rnf_format("%s,c%03d", classes, k);
	test_photos(rnf_format("%s/data/train", dir), classes, 1, 8, 8, 0);
	test_photos(rnf_format("%s/data/test", dir), "c000", 1, 8, 8, 0);
	run(0, rnf_format("train synthetic.cfg data.type=image_folder data.path=%s/data data.validation=0 "
			  "train.max_steps=1 train.callbacks=checkpoint --out %s/run", dir, dir));
	test_shell("cd %s/run && test -s confusion.csv && test ! -e confusion.gp && "
		   "test ! -e confusion.png", dir);
}
END_TEST

START_TEST(a_new_conf_like_another)
{
	const char *dir = test_folder("new");
	test_photos(rnf_format("%s/data", dir), "a,b", 6, 24, 28, 0);
	run(0, rnf_format("new conf %s/p.cfg --data %s/data --like xresnet20", dir, dir));
	run(0, rnf_format("check %s/p.cfg", dir));
	has("input 24 x 28 x 3\n");
	test_shell("grep -q 'data.augment.pad+=resize' %s/p.cfg", dir);
	run(2, rnf_format("new conf %s/q.cfg --data %s/data --like xresnet21", dir, dir));
	has("xresnet21");
	run(2, rnf_format("new conf %s/q.cfg --data %s/nowhere", dir, dir));
	has("/nowhere: No such file or directory\n");
	run(2, rnf_format("new conf %s/q.cfg --data %s/p.cfg", dir, dir));
	has("/p.cfg is not a folder of images");
	run(3, rnf_format("new conf %s/none/q.cfg --data %s/data", dir, dir));
	has("/none/q.cfg: No such file or directory\n");
	run(2, rnf_format("new conf %s/q.cfg", dir));
	has("new takes: conf FILE --data DIR [--like CONF]");
	test_shell("test ! -e %s/q.cfg", dir);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		a_folder_is_described, bad_files_are_listed, grey_images_look_as_in_colour,
		a_conf_is_described,
		a_new_conf_trains, a_new_conf_of_few_images, many_classes_get_no_picture,
		a_new_conf_like_another, NULL,
	};
	return test_run("cli/data", tests);
}
