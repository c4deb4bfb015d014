/* Models in integers: rnframe export RUN FILE.c --int8. The compiled file must give the sums that
 * int8.py computes with numpy from the same tables. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/said.h"

#define PYTHON "PYTHONDONTWRITEBYTECODE=1 ${PEER_PYTHON:-python3} tests/cli/"
#define QUIET "train.callbacks.training_monitor.plot=false train.pictures=false "
#define STRICT "-std=c99 -Wall -Wextra -pedantic -Werror -ffreestanding -c "

static int has_numpy(void)
{
	return test_needs(system("python3 -c 'import numpy' 2>/dev/null") == 0, "numpy");
}

static void shell(const char *command)
{
	ck_assert_msg(test_command(out, sizeof out, "%s 2>&1", command) == 0, "%s\n%s", command, out);
}

/* The number behind some words of a file's head. */
static long long says(const char *file, const char *words)
{
	long long n = -1;
	char *text = rnf_alloc(4096);
	FILE *f = fopen(file, "r");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_gt(fread(text, 1, 4095, f), 0);
	fclose(f);
	const char *at = strstr(text, words);
	ck_assert_msg(at && sscanf(at + strlen(words), "%lld", &n) == 1, "%s", text);
	return n;
}

/* The model of a conf in tests/cli, with what `edit`, a command of sed, makes of it, trained for
 * some steps. Layers may be in DIR. */
static void train_conf(const char *dir, const char *conf, const char *edit)
{
	shell(rnf_format("sed -e '%s' tests/cli/%s >%s/int8.cfg", edit, conf, dir));
	shell(rnf_format(PYTHON "export.py data %s/data", dir));
	run(0, rnf_format("train %s/int8.cfg --out %s/run data.path=%s/data train.optimizer.lr=0.02 "
		       "--plugin-path %s " QUIET, dir, dir, dir, dir));
}

/* The model of most steps: that of export.cfg without its layernorm, which makes errors larger. */
static void train(const char *dir, const char *edit)
{
	train_conf(dir, "export.cfg", rnf_format("s/\"layernorm\"/\"pad_channels\"; filters = 24/; %s",
						 edit));
}

static const char *trained(const char *name)
{
	const char *dir = rnf_format("%s", test_folder(name));
	train(dir, "");
	return dir;
}

/* DIR/m.c, compiled by `compiler`, writes its sums of images into DIR/found. */
static void compute(const char *dir, const char *compiler, const char *images, int n)
{
	shell(rnf_format("cd %s && %s " STRICT "-O2 -o m.o m.c", dir, compiler));
	shell(rnf_format("! nm %s/m.o | grep ' U '", dir));
	shell(rnf_format(PYTHON "int8.py main m >%s/sums.c", dir));
	shell(rnf_format("%s -O2 -o %s/sums %s/sums.c %s/m.o && head -c %d %s | %s/sums >%s/found",
			 compiler, dir, dir, dir, n * 3073, images, dir, dir));
}

/* They are those of numpy. */
static void compare(const char *dir, const char *compiler, const char *images, int n)
{
	compute(dir, compiler, images, n);
	shell(rnf_format(PYTHON "int8.py sums %s/m.c %s %s/found %d", dir, images, dir, n));
	has("numpy: the same");
}

/* The probabilities of images that DIR/found has sums of are those of eval, nearly. */
static void near_eval(const char *dir, const char *model, const char *most)
{
	run(0, rnf_format("eval %s/%s --probs %s/probs.npy data.path=%s/data --plugin-path %s", dir,
			  model, dir, dir, dir));
	shell(rnf_format(PYTHON "int8.py near %s/m.c %s/found %s/probs.npy %s", dir, dir, dir, most));
}

static const char *const compilers[] = { "gcc", "clang" };

START_TEST(all_steps_give_the_integers_of_numpy)
{
	if (!has_numpy()) return;
	const char *dir = trained("int8_all");
	run(0, rnf_format("export %s/run %s/m.c --int8", dir, dir));
	for (int i = 0; i < TEST_ROWS(compilers); i++)
		if (test_needs(test_command(out, sizeof out, "command -v %s", compilers[i]) == 0,
			       compilers[i]))
			compare(dir, compilers[i], rnf_format("%s/data/test_batch.bin", dir), 20);
}
END_TEST

/* DIR/m.c of DIR/x.safetensors, which a verb of int8.py makes of a trained model. */
static const char *exported(const char *name, const char *verb)
{
	const char *dir = trained(name);
	shell(rnf_format(PYTHON "int8.py %s %s/run/model.safetensors %s/x.safetensors", verb, dir, dir));
	run(0, rnf_format("export %s/x.safetensors %s/m.c --int8 data.path=%s/data", dir, dir, dir));
	return dir;
}

/* Also where filters are dead, tiny or next to infinite: int8.py checks that no image can make
 * a sum overflow. */
START_TEST(sums_cannot_overflow)
{
	if (!has_numpy()) return;
	const char *dir = exported("int8_overflow", "spoil");
	compare(dir, "gcc", rnf_format("%s/data/test_batch.bin", dir), 20);
}
END_TEST

/* A filter without weights gives its bias, to some 30 bits. */
START_TEST(a_dead_filter_gives_its_bias)
{
	if (!has_numpy()) return;
	const char *dir = exported("int8_dead", "deaden");
	compute(dir, "gcc", rnf_format("%s/data/test_batch.bin", dir), 20);
	near_eval(dir, "x.safetensors", "1e-6");
}
END_TEST

/* Sums of a convolution are not cut: the last ones must be those of what comes after it. */
START_TEST(a_function_behind_the_last_sums_counts)
{
	if (!has_numpy()) return;
	const char *dir = rnf_format("%s", test_folder("int8_last"));
	train(dir, "s/{ type = \"dense\"; name = \"classifier\"; }/&, "
		   "{ type = \"activation\"; function = \"relu\"; }/");
	run(0, rnf_format("export %s/run %s/m.c --int8", dir, dir));
	compare(dir, "gcc", rnf_format("%s/data/test_batch.bin", dir), 20);
	shell(rnf_format("! od -An -v -td4 %s/found | grep -e -", dir));
}
END_TEST

/* A formula that reads each of its terms twice: 22 steps, not 2^11. Ranges of its terms follow
 * from those of its operands: wrong ones would give other probabilities. */
START_TEST(a_term_is_computed_once)
{
	if (!has_numpy()) return;
	const char *dir = rnf_format("%s", test_folder("int8_once"));
	test_add_layer(dir, "doubled/doubled.c", "doubled");
	train(dir, "s/type = \"shake\"/type = \"doubled\"/; s/\"d\", \"ratio\"/\"d\", \"b\"/");
	run(0, rnf_format("export %s/run %s/m.c --int8 --plugin-path %s", dir, dir, dir));
	compare(dir, "gcc", rnf_format("%s/data/test_batch.bin", dir), 20);
	shell(rnf_format("test $(grep -c '^.add(' %s/m.c) -lt 20", dir));
	near_eval(dir, "run", "0.02");
}
END_TEST

/* In the place of int8.cfg's layernorm; `equal` normalises numbers that are all equal, and the
 * softmax of `one_pixel` has a single channel. */
static const struct { const char *name, *layers; } one_layer[] = {
	{ "layernorm", "{ type = \"layernorm\"; eps = 1e-3; }" },
	{ "groupnorm", "{ type = \"groupnorm\"; groups = 4; }" },
	{ "one_group", "{ type = \"groupnorm\"; groups = 1; }" },
	{ "attention", "{ type = \"attention\"; heads = 2; }" },
	{ "one_pixel", "{ type = \"global_avgpool\"; }, { type = \"attention\"; }" },
	{ "eca", "{ type = \"eca\"; kernel = 5; }" },
	{ "cbam", "{ type = \"cbam\"; ratio = 4; }" },
	{ "pixel_shuffle", "{ type = \"pixel_shuffle\"; }, { type = \"conv2d\"; stride = 2; filters = 8; }" },
	{ "quotient", "{ type = \"activation\"; function = { type = \"softplus\"; beta = 2.0; }; "
		      "name = \"s\"; }, { type = \"div\"; inputs = [ \"x\", \"s\" ]; }" },
	/* in integers some divisors are 0, and so are their dividends */
	{ "by_zero", "{ type = \"activation\"; function = { type = \"softplus\"; beta = 1000.0; }; "
		     "name = \"s\"; }, { type = \"div\"; inputs = [ \"x\", \"s\" ]; }" },
	{ "equal", "{ type = \"sub\"; inputs = [ \"x\", \"x\" ]; }, { type = \"groupnorm\"; groups = 4; "
		   "name = \"one\"; }, { type = \"add\"; inputs = [ \"one\", \"x\" ]; }" },
};

START_TEST(each_layer_gives_the_integers_of_numpy)
{
	if (!has_numpy()) return;
	const char *dir = rnf_format("%s", test_folder(rnf_format("int8_%s", one_layer[_i].name)));
	train_conf(dir, "int8.cfg", rnf_format("s/{ type = \"layernorm\"; }/%s/",
					       one_layer[_i].layers));
	run(0, rnf_format("export %s/run %s/m.c --int8", dir, dir));
	compare(dir, "gcc", rnf_format("%s/data/test_batch.bin", dir), 20);
	near_eval(dir, "run", "0.02");
}
END_TEST

/* Between the convolution of eca and what is seen, its result, stands a reshape: by the ranges of
 * its operands it would take some 180 of the 255 steps. */
START_TEST(ranges_that_were_seen_reach_back)
{
	if (!has_numpy()) return;
	const char *dir = rnf_format("%s", test_folder("int8_back"));
	train_conf(dir, "int8.cfg", "s/{ type = \"layernorm\"; }/{ type = \"eca\"; kernel = 5; }/");
	run(0, rnf_format("export %s/run %s/m.c --int8", dir, dir));
	shell(rnf_format("cat %s/data/data_batch_*.bin >%s/all.bin", dir, dir));
	shell(rnf_format(PYTHON "int8.py spans %s/m.c %s/all.bin 250", dir, dir));
}
END_TEST

/* The same images give the same file, more of them other ranges. */
START_TEST(images_of_calibration_count)
{
	const char *dir = trained("int8_calibrate");
	run(0, rnf_format("export %s/run %s/m.c --int8 --calibrate 16 threads=1", dir, dir));
	shell(rnf_format("mv %s/m.c %s/one.c", dir, dir));
	run(0, rnf_format("export %s/run %s/m.c --int8 --calibrate=16 threads=2", dir, dir));
	shell(rnf_format("cmp %s/m.c %s/one.c", dir, dir));
	run(0, rnf_format("export %s/run %s/m.c --int8 --calibrate 1", dir, dir));
	shell(rnf_format("! cmp -s %s/m.c %s/one.c", dir, dir));
}
END_TEST

/* What one file has learned from all of CIFAR-10: classes, size of the memory, head. */
START_TEST(published_weights_in_integers)
{
	enum { IMAGES = 200, LEAST = 194, RAM = 64 * 1024 };
	const char *dir = rnf_format("%s", test_folder("int8_published"));
	if (!test_has_data() || !has_numpy() || !test_has_plugin("format", "keras_h5")) return;
	run(0, rnf_format("export ../shared/data/seed/se-mxresnet20_180.h5 %s/m.c --int8 --calibrate 128 "
		       "--conf se_mxresnet20_published.cfg "
		       "data.path=build/data/cifar-10-batches-bin", dir));
	compare(dir, "gcc", "build/data/cifar-10-batches-bin/test_batch.bin", IMAGES);
	ck_assert_int_lt(says(rnf_format("%s/m.c", dir), "Memory (RAM): "), RAM);
	ck_assert_int_eq(says(rnf_format("%s/m.c", dir), "Parameters: "), 275194);
	shell(rnf_format(PYTHON "int8.py classes %s/m.c %s/found "
			 "tests/golden/se_mxresnet20_published_probs.npy %d", dir, dir, LEAST));
}
END_TEST

/* -- main -- */

START_TEST(main_prints_the_classes_of_an_image)
{
	static const char *const forms[] = { "", "--int8" };
	static const char *const bad[] = { "", "none.ppm", "small.ppm", "cut.ppm", "grey.ppm" };
	if (!test_needs(system("python3 -c '' 2>/dev/null") == 0, "python3")) return;
	const char *dir = trained("int8_main");
	shell(rnf_format("cd %s && { printf 'P6\\n# none\\n32 32 255\\n' && "
			 "head -c 3072 data/test_batch.bin; } >a.ppm && head -c 2000 a.ppm >cut.ppm && "
			 "sed '1s/P6/P5/' a.ppm >grey.ppm && "
			 "sed '3s/32 32/16 16/' a.ppm >small.ppm", dir));
	for (int i = 0; i < TEST_ROWS(forms); i++) {
		run(0, rnf_format("export %s/run %s/m.c --main %s", dir, dir, forms[i]));
		shell(rnf_format("cd %s && gcc -std=c99 -Wall -Wextra -pedantic -Werror -o m m.c && "
				 "./m a.ppm && ./m a.ppm >lines", dir));
		has("airplane 0.");
		shell(rnf_format("cd %s && test $(wc -l <lines) = 10 && sort -c -r -k2 lines", dir));
		for (int k = 0; k < TEST_ROWS(bad); k++) {
			const int code = test_command(out, sizeof out, "cd %s && ./m %s 2>&1", dir,
						      bad[k]);
			ck_assert_msg(code == 2 && strstr(out, "an image P6 of 32 x 32"), "%s: %d %s",
				      bad[k], code, out);
		}
	}
}
END_TEST

/* The head of the file says it; nothing else stays. */
START_TEST(a_prediction_is_measured)
{
	if (!test_needs(system("python3 -c '' 2>/dev/null") == 0, "python3")) return;
	const char *dir = trained("int8_measure");
	shell(rnf_format("mkdir %s/tmp", dir));
	shell(rnf_format("TMPDIR=$PWD/%s/tmp %s/rnframe export %s/run %s/m.c --measure --main", dir,
			 test_build(), dir, dir));
	shell(rnf_format("grep -c ' A prediction takes [0-9.e-]* ms on the machine that wrote this' "
			 "%s/m.c && rmdir %s/tmp && cc -std=c99 -o %s/m %s/m.c", dir, dir, dir, dir));
	ck_assert_int_ne(test_command(out, sizeof out, "mkdir %s/none && PATH=%s/none %s/rnframe export "
				      "%s/run %s/n.c --measure 2>&1", dir, dir, test_build(), dir, dir),
			 0);
	has("--measure: compiling the file with cc: ");
	shell(rnf_format("! test -e %s/n.c", dir));
}
END_TEST

/* -- refusals -- */

static const struct { const char *arguments, *words; } mistakes[] = {
	{ "m.onnx --int8", "--int8 does not apply to .onnx files" },
	{ "m.npz --main", "--main does not apply to .npz files" },
	{ "m.c --calibrate 16", "calibrate is for files in integers: --int8" },
	{ "m.c --int8 --calibrate 1000001", "calibrate is 1000001, must be 0 .. 1000000" },
	{ "m.c --int8 --calibrate many", "calibrate" },
	{ "m.c --int8 data.path=/none", "the data of cifar10 was not found" },
};

START_TEST(mistakes_are_refused_in_words)
{
	if (!test_needs(system("python3 -c '' 2>/dev/null") == 0, "python3")) return;
	const char *dir = trained("int8_mistakes");
	for (int i = 0; i < TEST_ROWS(mistakes); i++) {
		const int code = test_program(out, sizeof out, "export %s/run %s/%s", dir, dir,
					      mistakes[i].arguments);
		ck_assert_msg(code == 2 && strstr(out, mistakes[i].words), "%s\nended with %d: %s",
			      mistakes[i].arguments, code, out);
	}
}
END_TEST

static const char *const refusals[] = {
	": its formula has a softmax over channels, which has no form in integers yet",
	": the range of its norm is unknown: only factors and constants may follow",
	": the range of its quotient is unknown: nothing may follow",
};

START_TEST(terms_without_integers_are_refused)
{
	if (!test_needs(system("python3 -c '' 2>/dev/null") == 0, "python3")) return;
	const char *dir = rnf_format("%s", test_folder(rnf_format("int8_refused_%d", _i)));
	test_add_layer(dir, "refused/refused.c", "refused");
	train_conf(dir, "int8.cfg", rnf_format("s/\"layernorm\";/\"refused\"; term = %d;/", _i));
	run(2, rnf_format("export %s/run %s/m.c --int8 --plugin-path %s", dir, dir, dir));
	has(refusals[_i]);
	shell(rnf_format("! test -e %s/m.c", dir));
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ all_steps_give_the_integers_of_numpy, 0 },
		{ sums_cannot_overflow, 0 },
		{ a_dead_filter_gives_its_bias, 0 },
		{ a_function_behind_the_last_sums_counts, 0 },
		{ a_term_is_computed_once, 0 },
		{ each_layer_gives_the_integers_of_numpy, TEST_ROWS(one_layer) },
		{ ranges_that_were_seen_reach_back, 0 },
		{ images_of_calibration_count, 0 },
		{ published_weights_in_integers, 0 },
		{ main_prints_the_classes_of_an_image, 0 },
		{ a_prediction_is_measured, 0 },
		{ mistakes_are_refused_in_words, 0 },
		{ terms_without_integers_are_refused, TEST_ROWS(refusals) },
		{ NULL, 0 },
	};
	return test_run_cases("int8", cases);
}
