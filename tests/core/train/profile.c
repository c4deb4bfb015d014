/* The measured steps: training ones change the weights, inference leaves them;
 * without a backend the peak is unknown. */
#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "lib/found.h"
#include "train/profile.h"

#define GOOD(call) ck_assert_msg((call) >= 0, "%s", rnf_fail_words())

enum { STEPS = 9 }; /* more than the run has */

static const struct { int training; const char *set; int64_t images; } cases_of[] = {
	{ 1, "train.batch_size=10", 10 },
	{ 1, "train.batch_size=1000", 54 }, /* all that there are */
	{ 0, "train.batch_size=10", 10 },
	{ 0, "train.batch_size=1000", 32 }, /* all of the test */
};

START_TEST(steps_are_measured)
{
	struct rnf_experiment *e = rnf_alloc(sizeof *e);
	struct rnf_profile p;
	const int training = cases_of[_i].training;
	test_plugins_path();
	rnf_conf_dir = "conf";
	GOOD(rnf_experiment_open(e, "synthetic.cfg", &cases_of[_i].set, 1));
	e->backend_chosen = 1; /* none: the core's plain kernels */
	GOOD(rnf_experiment_build(e, training));
	const size_t bytes = (size_t)e->programs[0]->block * sizeof(float);
	float *before = rnf_alloc(bytes);
	memcpy(before, e->weights, bytes);
	rnf_profile_run(e, training, STEPS, &p);
	ck_assert_int_eq(p.images, cases_of[_i].images);
	ck_assert_int_eq(memcmp(before, e->weights, bytes) != 0, training);
	ck_assert_double_eq(p.peak, 0);
	for (int i = 0; i < 2; i++)
		ck_assert(p.seconds[i] > 0 && p.seconds[i] < 10);
	ck_assert(p.timed_seconds > 0 && p.operations > 0 && p.bytes > 0);
	for (size_t i = 1; i < p.sums.kinds.n; i++)
		ck_assert_double_le(p.sums.kinds.at[i].seconds,
				    p.sums.kinds.at[i - 1].seconds);
	rnf_experiment_finish(e);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ steps_are_measured, TEST_ROWS(cases_of) },
		{ NULL, 0 },
	};
	return test_run_cases("train/profile", cases);
}
