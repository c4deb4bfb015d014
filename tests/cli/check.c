/* rnframe check: what it prints of a good conf, that it looks at the data, and where
 * each value was set. Its refusals are in mistakes.c. */
#include <stdio.h>
#include <string.h>

#include "lib/plugin.h"
#include "lib/program.h"

static char out[1 << 16];

static void check(int status, const char *arguments)
{
	const int got = test_program(out, sizeof out, "check %s", arguments);
	ck_assert_msg(got == status, "%s: status %d: %.2000s", arguments, got, out);
}

static void has(const char *words)
{
	ck_assert_msg(strstr(out, words) != NULL, "no \"%s\": %.4000s", words, out);
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

/* As a user has it: an empty folder stays empty. */
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

/* What is allowed, but was hardly meant. */
START_TEST(doubts)
{
	check(0, "synthetic.cfg data.augment.normalize.mean=128");
	has("warning: normalize: mean is 128, though its unit is that of pixels in 0..1, not 0..255\n");
	check(0, "synthetic.cfg data.augment.normalize.std=[0.2,64,0.3]");
	has("warning: normalize: std is 64, though its unit is");
	check(0, "synthetic.cfg data.augment=flip,normalize,normalize");
	has("warning: data.augment: normalize stands there twice");
	check(0, "synthetic.cfg train.scheduler.type=step train.scheduler.boundaries=[1,200]");
	has("warning: step: boundaries: the rate never falls at epoch 200, since the run has 2 epochs");
	check(0, "synthetic.cfg");
	ck_assert_ptr_null(strstr(out, "warning"));
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
	const TTest *const tests[] = { prints_a_table, writes_nothing, origins,
		a_batch_goes_through_the_augmentations, doubts, real_data_and_weights, NULL };
	return test_run("check", tests);
}
