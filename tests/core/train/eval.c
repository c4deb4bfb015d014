/* An evaluation sees the images that the data set gives, wherever in a batch they are and
 * whatever their size. */
#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "lib/built.h"
#include "train/eval.h"
#include "train/step.h"

#define GOOD(call) ck_assert_msg((call) >= 0, "%s", rnf_fail_words())

enum { IMAGES = 7, CLASSES = 10 };

/* Of 192, 189, 1980 and 3 floats: slices of the arena are whole cache lines. */
static const struct { const char *sets[2]; } sizes[] = {
	{ { "data.height=8", "data.width=8" } },
	{ { "data.height=9", "data.width=7" } },
	{ { "data.height=20", "data.width=33" } },
	{ { "data.height=1", "data.width=1" } },
};

static struct rnf_experiment *start(int size)
{
	struct rnf_experiment *e = rnf_alloc(sizeof *e);
	const char *const sets[] = { sizes[size].sets[0], sizes[size].sets[1], "threads=2",
				     "train.batch_size=7", "train.augment=false" };
	test_plugins_path();
	rnf_conf_dir = "conf";
	GOOD(rnf_experiment_open(e, "synthetic.cfg", sets, TEST_ROWS(sets)));
	GOOD(rnf_experiment_build(e, 1));
	return e;
}

START_TEST(an_image_has_its_logits_at_each_place)
{
	struct rnf_experiment *e = start(_i);
	const struct rnf_exec *x = e->session.execs[0];
	const int logits = x->plan->program->logits;
	const size_t bytes = (size_t)e->data.info.classes * sizeof(float);
	float batch[IMAGES][CLASSES];
	rnf_evaluation_fill(&e->session, &e->data, RNF_SPLIT_TEST, NULL, 0, IMAGES);
	rnf_exec_run(e->session.execs[0]);
	ck_assert_uint_le(bytes, sizeof batch[0]);
	for (int i = 0; i < IMAGES; i++)
		memcpy(batch[i], rnf_exec_value(x, logits, i), bytes);
	for (int i = 0; i < IMAGES; i++) {
		rnf_evaluation_fill(&e->session, &e->data, RNF_SPLIT_TEST, NULL, i, 1);
		rnf_exec_run(e->session.execs[0]);
		ck_assert_msg(!memcmp(rnf_exec_value(x, logits, 0), batch[i], bytes),
			      "image %d", i);
	}
	rnf_experiment_finish(e);
}
END_TEST

START_TEST(training_reads_the_same_pixels)
{
	struct rnf_experiment *e = start(_i);
	const int64_t floats = e->model.hwc[0] * e->model.hwc[1] * e->model.hwc[2];
	const int input[] = { e->model.programs[0]->input, e->model.programs[1]->input };
	struct rnf_training_step step;
	struct rnf_run run = rnf_training_run(e);
	rnf_training_step_init(&step, e);
	run.epoch = run.step = 1;
	rnf_training_step(&step, &run, e->data.train, IMAGES, 1);
	for (int64_t i = 0; i < IMAGES; i++) {
		rnf_evaluation_fill(&e->session, &e->data, RNF_SPLIT_TRAIN, e->data.train, i, 1);
		ck_assert_msg(!memcmp(rnf_exec_value(e->session.execs[1], input[1], i),
				      rnf_exec_value(e->session.execs[0], input[0], 0),
				      (size_t)floats * sizeof(float)), "image %d", (int)i);
	}
	rnf_experiment_finish(e);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ an_image_has_its_logits_at_each_place, TEST_ROWS(sizes) },
		{ training_reads_the_same_pixels, TEST_ROWS(sizes) },
		{ NULL, 0 },
	};
	return test_run_cases("train/eval", cases);
}
