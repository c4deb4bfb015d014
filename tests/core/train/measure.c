/* The measured steps: training ones change the weights, inference leaves them;
 * without a backend the peak is unknown. */
#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "lib/built.h"
#include "train/measure.h"
#include "train/step.h"

#define GOOD(call) ck_assert_msg((call) >= 0, "%s", rnf_fail_words())

enum { STEPS = 9 }; /* more than the run has */

static const struct { int training; const char *set; int64_t images; } cases_of[] = {
	{ 1, "train.batch_size=10", 10 },
	{ 1, "train.batch_size=1000", 54 }, /* all that there are */
	{ 0, "train.batch_size=10", 10 },
	{ 0, "train.batch_size=1000", 32 }, /* all of the test */
};

static double seconds_of(const struct rnf_costs *costs, const char *name)
{
	for (size_t i = 0; i < costs->n; i++)
		if (!strcmp(costs->at[i].name, name)) return costs->at[i].seconds;
	return -1;
}

/* Largest first, and together all of the threads' time. */
static void check_sums(const struct rnf_measurement *p)
{
	const struct rnf_costs *kinds = &p->sums.kinds;
	double seconds = 0;
	for (size_t i = 0; i < kinds->n; i++) {
		if (i > 0)
			ck_assert_double_le(kinds->at[i].seconds, kinds->at[i - 1].seconds);
		seconds += kinds->at[i].seconds;
	}
	ck_assert_double_eq_tol(seconds, p->core_seconds, 1e-9 * seconds);
	ck_assert_double_ge(p->core_seconds, p->timed_seconds);
	ck_assert_double_gt(seconds_of(kinds, "input"), 0);
}

START_TEST(steps_are_measured)
{
	struct rnf_experiment *e = rnf_alloc(sizeof *e);
	struct rnf_measurement p;
	const int training = cases_of[_i].training;
	test_plugins_path();
	rnf_conf_dir = "conf";
	GOOD(rnf_experiment_open(e, "synthetic.cfg", &cases_of[_i].set, 1));
	e->model.backend_chosen = 1; /* none: the core's plain kernels */
	GOOD(rnf_experiment_build(e, training));
	const size_t bytes = (size_t)e->model.programs[0]->block * sizeof(float);
	float *before = rnf_alloc(bytes);
	memcpy(before, e->session.weights, bytes);
	rnf_measure(e, training, STEPS, &p);
	ck_assert_int_eq(p.images, cases_of[_i].images);
	ck_assert_int_eq(memcmp(before, e->session.weights, bytes) != 0, training);
	ck_assert_double_eq(p.peak, 0);
	for (int i = 0; i < 2; i++)
		ck_assert(p.seconds[i] > 0 && p.seconds[i] < 10);
	ck_assert(p.timed_seconds > 0 && p.operations > 0 && p.bytes > 0);
	check_sums(&p);
	rnf_experiment_finish(e);
}
END_TEST

/* A step on images that lie there reads no others, and trains on them. */
START_TEST(ready_images_stay)
{
	struct rnf_experiment *e = rnf_alloc(sizeof *e);
	struct rnf_training_step s;
	test_plugins_path();
	rnf_conf_dir = "conf";
	GOOD(rnf_experiment_open(e, "synthetic.cfg", NULL, 0));
	GOOD(rnf_experiment_build(e, 1));
	struct rnf_run run = rnf_training_run(e);
	const int64_t *hwc = e->model.hwc;
	const size_t bytes = (size_t)(8 * hwc[0] * hwc[1] * hwc[2]) * sizeof(float);
	const float *input = rnf_exec_value(e->session.execs[1], e->model.programs[1]->input, 0);
	float *before = rnf_alloc(bytes);
	rnf_training_step_init(&s, e);
	run.epoch = run.step = 1;
	rnf_training_step(&s, &run, e->data.train, 8, 1);
	const double loss = run.loss;
	memcpy(before, input, bytes);
	ck_assert_double_eq(rnf_training_step(&s, &run, e->data.train + 8, 8, 0).input, 0);
	ck_assert_mem_eq(before, input, bytes);
	ck_assert_uint_eq(s.samples[0], (uint64_t)e->data.train[0]);
	ck_assert(run.loss != loss);
	ck_assert_double_gt(rnf_training_step(&s, &run, e->data.train + 8, 8, 1).input, 0);
	ck_assert_mem_ne(before, input, bytes);
	rnf_experiment_finish(e);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ steps_are_measured, TEST_ROWS(cases_of) },
		{ ready_images_stay, 0 },
		{ NULL, 0 },
	};
	return test_run_cases("train/measure", cases);
}
