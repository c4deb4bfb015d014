/* rnframe check: what it prints for a good conf, that it reads the data, and where each
 * value was set. Its refusals are in mistakes.c. */
#include <stdio.h>
#include <string.h>

#include "lib/said.h"

static void check(int status, const char *arguments)
{
	run(status, rnf_format("check %s", arguments));
}

START_TEST(prints_a_table)
{
	check(0, "synthetic.cfg train.batch_size=10 threads=2 name=it");
	has("model    it, 5474 parameters, input 8 x 8 x 3\n");
	has("data     synthetic, 54 training, 10 validation and 32 test images of 8 x 8 x 3, "
	    "10 classes\n");
	has("steps    6 of 10 images an epoch, 2 epochs: 12\n");
	has("memory   ");
	has("fp32, threads 2, kernels ");
}
END_TEST

START_TEST(a_model_needs_no_weights)
{
	const char *dir = test_folder("check");
	test_shell("printf '%%s\n' 'name = \"none\";' '@include \"train/run.cfg\"' "
		   "'@include \"data/synthetic.cfg\"' '@include \"train/short.cfg\"' "
		   "'model = { norm = \"batchnorm\"; act = \"relu\"; initializer = \"he_normal\"; "
		   "layers = ( { type = \"global_avgpool\"; } ); };' >%s/none.cfg", dir);
	check(0, rnf_format("%s/none.cfg data.classes=3 train.metrics=accuracy", dir));
	has("none, 0 parameters");
}
END_TEST

/* As for a user: an empty folder stays empty. */
START_TEST(writes_nothing)
{
	const char *dir = test_folder("check");
	ck_assert_int_eq(test_command(out, sizeof out, "r=$PWD/%s/rnframe; cd %s && $r check "
		"synthetic --out 2>&1; $r check synthetic out=run 2>&1 && ls -A", test_build(),
		dir), 0);
	has("check does not take --out");
	ck_assert_ptr_null(strstr(out, "run\n"));
}
END_TEST

/* Keys of plugins that the conf does not name too. */
START_TEST(origins)
{
	check(0, "se_mxresnet20.cfg --origin train.optimizer.lr=0.2");
	has("train.optimizer.lr = 0.2  # --set\n");
	has("conf/train/common.cfg:7\n");
	has("\nmodel.act = \"mish\"  # ");
	has("conf/se_mxresnet20.cfg:5\n");
	has("\ntrain.optimizer.nesterov = false  # default\n");
	has("\nmodel.layers[1].block.attention.ratio = 16  # default\n");
	has("\nmodel.layers[1].block.attention.type = \"se\"  # ");
	has("\nmodel.layers[1].block.shortcut_bn = true  # default\n");
	has("\ntrain.max_steps = 0  # default\n");
	has("\ndata.part = 1.0  # default\n");
}
END_TEST

START_TEST(a_batch_goes_through_the_augmentations)
{
	check(2, "synthetic.cfg data.augment.crop.type=flip");
	has("come out of the augmentations as 10x10, but the model takes 8x8");
}
END_TEST

/* What is allowed, but hardly intended. */
START_TEST(doubts)
{
	check(0, "synthetic.cfg data.augment.normalize.mean=128");
	has("warning: normalize: mean is 128, though its unit is that of pixels in 0..1, not 0..255\n");
	check(0, "synthetic.cfg data.augment.normalize.std=[0.2,64,0.3]");
	has("warning: normalize: std is 64, though its unit is");
	check(0, "synthetic.cfg data.augment=flip,normalize,normalize");
	has("warning: data.augment: normalize is listed twice");
	check(0, "synthetic.cfg train.scheduler.type=step train.scheduler.boundaries=[1,200]");
	has("warning: step: boundaries: the rate never falls at epoch 200, since the run has 2 epochs");
	check(0, "synthetic.cfg train.scheduler=step train.epochs=100");
	has("warning: step: boundaries: the rate never falls at epoch 135, since the run has 100");
	check(0, "synthetic.cfg");
	ck_assert_ptr_null(strstr(out, "warning"));
}
END_TEST

/* The steps of 64 images, 10 of them for validation, in batches of 16: 4 an epoch. */
static const struct {
	const char *sets, *words; /* NULL: none */
} rates[] = {
	{ "scheduler=cosine train.scheduler.warmup=0 train.max_steps=8", NULL },
	{ "scheduler=cosine train.scheduler.warmup=0 train.batch_size=54 train.epochs=1",
	  "the rate is 0 in the whole run of 1 step: it learns nothing" },
	{ "optimizer.lr=0", "the rate is 0 in the whole run of 8 steps: it learns nothing" },
	{ "scheduler=linear train.scheduler.warmup=10 train.max_steps=6",
	  "the highest rate in the run of 6 steps is 0.015, below train.optimizer.lr = 0.1: is a "
	  "warm-up longer than the run?" },
	{ "scheduler=step train.scheduler.warmup_epochs=2 train.scheduler.boundaries=[1]",
	  "the highest rate in the run of 8 steps is 0.01, below" },
	{ "scheduler=linear train.scheduler.warmup=2", NULL },
	{ "scheduler=linear train.scheduler.warmup=1000 train.epochs=1000000", NULL },
};

static void says_the_rate(const char *words)
{
	if (words) has(words);
	if (!words) ck_assert_msg(!strstr(out, "train.scheduler: "), "%s", out);
}

START_TEST(a_rate_that_is_never_reached_is_told)
{
	char line[256];
	snprintf(line, sizeof line, "synthetic.cfg train.%s", rates[_i].sets);
	check(0, line);
	says_the_rate(rates[_i].words);
}
END_TEST

START_TEST(training_tells_of_it_at_its_start)
{
	const char *dir = test_folder("rates");
	for (int i = 0; i < TEST_ROWS(rates) - 1; i++) {
		const int status = test_program(out, sizeof out, "train synthetic.cfg train.%s "
			"train.pictures=false --out %s/%d", rates[i].sets, dir, i);
		ck_assert_msg(status == 0, "%.2000s", out);
		says_the_rate(rates[i].words);
	}
}
END_TEST

START_TEST(real_data_and_weights)
{
	if (!test_has_data()) return;
	check(0, "se_mxresnet20_published.cfg data.path=build/data --weights "
	      "../shared/data/seed/se-mxresnet20_180.h5");
	has("data     cifar10, 45000 training, 5000 validation and 10000 test images of "
	    "32 x 32 x 3, 10 classes\n");
	has("275194 parameters");
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ prints_a_table, 0 }, { writes_nothing, 0 }, { origins, 0 },
		{ a_model_needs_no_weights, 0 },
		{ a_batch_goes_through_the_augmentations, 0 }, { doubts, 0 },
		{ a_rate_that_is_never_reached_is_told, TEST_ROWS(rates) },
		{ training_tells_of_it_at_its_start, 0 }, { real_data_and_weights, 0 },
		{ NULL, 0 },
	};
	return test_run_cases("check", cases);
}
