/* Plugins that load and break what their kind promises: a run ends in one line that names
 * the plugin, with status 5, before the first step if the core can detect it by then. */
#include <string.h>

#include "lib/bad.h"
#include "lib/plugin.h"
#include "lib/program.h"

#define AUGMENT "data.augment.sick.type=breach data.augment.breach.how="
#define DATA "data.type=breach data.how="
#define INITIALIZER "model.initializer=breach model.initializer.how="
#define LOSS "train.loss=breach train.loss.how="
#define SCHEDULER "train.scheduler=breach train.scheduler.how="

static const struct {
	const char *sets;
	int status;
	const char *words;
} rows[] = {
	{ AUGMENT "no", 0, "test error" },
	{ AUGMENT "negative", 5, "augment.breach: grows() is -4, must be 0 .. 65536" },
	{ AUGMENT "huge", 5, "augment.breach: grows() is 1099511627776, must be 0 .. 65536" },
	{ AUGMENT "behind", 5, "augment.breach: writes behind the pixels of an image" },
	{ AUGMENT "shape", 5, "augment.breach: makes an image of 24 x 8 x 3, for which grows() has" },
	{ AUGMENT "channels", 5, "augment.breach: makes an image of 8 x 8 x 1, for which" },
	{ AUGMENT "pointers", 5, "augment.breach: changes the pointers to the pixels" },
	{ AUGMENT "target", 5, "augment.breach: makes a target that sums to 2, must be 1" },
	{ AUGMENT "peer", 5, "augment.breach: asks for the peer 0 of an image, must be below" },
	{ AUGMENT "peer_far", 5, "augment.breach: asks for the peer 524288 of an image" },
	{ AUGMENT "late seed=4", 5, "augment.breach: asks for the peer -1 of an image" },
	{ DATA "no", 0, "test error" },
	{ DATA "empty", 2, "data: breach has no training images" },
	{ DATA "no_test", 2, "data: breach has no test images" },
	{ DATA "negative", 5, "dataset.breach: the number of its training images is -5, must be 0 .." },
	{ DATA "height", 5, "dataset.breach: the height of its images is -8, must be 1 .. 65536" },
	{ DATA "classes", 5, "dataset.breach: the number of its classes is 0, must be 1 .. " },
	{ DATA "test_label", 5, "dataset.breach: an image has the label 12, must be 0 .. 9" },
	{ DATA "positive", 5, "dataset.breach: open returns 7, must be 0 or, after a failure, below 0" },
	{ DATA "quiet", 2, "dataset.breach: open fails with the status -1 and gives no message" },
	{ INITIALIZER "half", 5, "initializer.breach: leaves 54 of the 108 values of c1/kernel NaN" },
	{ INITIALIZER "nothing", 5, "initializer.breach: leaves 108 of the 108 values of c1/kernel" },
	{ INITIALIZER "nan", 5, "initializer.breach: leaves 1 of the 108 values of c1/kernel NaN" },
	{ LOSS "sum", 5, "loss.breach: predict gives probabilities that sum to 2, must be 1" },
	{ LOSS "negative", 5, "loss.breach: predict gives the probability -1" },
	{ LOSS "nan", 5, "loss.breach: the loss of small logits is nan" },
	{ LOSS "gradient", 5, "loss.breach: the gradient at small logits is not finite" },
	{ "train.metrics=breach", 5, "step 1 (epoch 1): metric.breach: the score is " },
	{ "train.metrics=accuracy,breach", 5, "metric.breach: the mean of its score is " },
	{ SCHEDULER "negative", 5, "step 3 (epoch 1): scheduler.breach: the rate is -0.5, must be" },
	{ SCHEDULER "nan", 5, "step 3 (epoch 1): scheduler.breach: the rate is " },
	{ "train.callbacks.sick.status=7", 5, "callback.sick: on returns 7, must be 0 or, after" },
	{ "train.callbacks.sick.status=-1 train.callbacks.sick.quiet=true", 2,
	  "callback.sick: on fails with the status -1 and gives no message" },
	{ "backend=kernel_null", 5, "layer c1: a kernel of backend.kernel_null has no function run" },
	{ "backend=kernel_bytes", 5, "backend.kernel_bytes needs scratch_bytes that are not whole" },
	{ "backend=kernel_quiet", 2, "backend.kernel_quiet: conv fails with the status -1 and gives" },
};

START_TEST(is_told_by_name)
{
	char out[8192];
	const char *dir = test_folder("breaches");
	test_sick_experiment(1, NULL); /* writes the conf */
	const int status = test_program(out, sizeof out, "train %s/sick.cfg --plugin-path %s "
		"threads=2 train.epochs=1 %s --out %s/run", test_bad_plugins(), test_bad_plugins(),
		rows[_i].sets, dir);
	ck_assert_msg(status == rows[_i].status && strstr(out, rows[_i].words),
		      "%s: status %d: %.3000s\nwants %d: %s", rows[_i].sets, status, out,
		      rows[_i].status, rows[_i].words);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = { { is_told_by_name, TEST_ROWS(rows) }, { NULL, 0 } };
	test_bad_plugins();
	return test_run_cases("contract/breaches", cases);
}
