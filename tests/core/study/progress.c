/* How long a study still takes, from the runs that are there. */
#include "study/progress.h"

#include <math.h>
#include <stdio.h>

#include "base/arena.h"
#include "lib/plugin.h"
#include "lib/program.h"

enum { RUNS = 4, STEPS = 100 };

/* Of each run, the last line of its epochs.csv: steps and seconds; its state. */
static const struct { int steps, seconds; enum rnf_turn turn; } made[RUNS] = {
	{ 100, 50, RNF_TURN_MADE }, { 40, 30, RNF_TURN_RUNS },
	{ 0, 0, RNF_TURN_WAITS }, { 0, 0, RNF_TURN_LEFT },
};

static void write_epochs(const char *dir, int steps, int seconds)
{
	test_shell("mkdir -p %s", dir);
	if (steps == 0) return;
	FILE *f = fopen(rnf_format("%s/epochs.csv", dir), "w");
	ck_assert_ptr_nonnull(f);
	fprintf(f, "epoch,step,seconds,rate\n1,10,5,0.1\n2,%d,%d,0.1\n3,9", steps, seconds);
	fclose(f);
}

static struct rnf_study_runs study_of(const char *dir)
{
	static struct rnf_look look = { .steps = STEPS, .batch = 8, .macs = 1000 };
	struct rnf_study_runs runs = { .dir = dir, .looks = &look, .n = RUNS };
	runs.at = rnf_alloc(RUNS * sizeof *runs.at);
	for (int i = 0; i < RUNS; i++) {
		runs.at[i] = (struct rnf_study_run){ .dir = rnf_format("%s/a/%d", dir, i),
						     .turn = made[i].turn };
		write_epochs(runs.at[i].dir, made[i].steps, made[i].seconds);
	}
	return runs;
}

/* 140 steps took 80 seconds; 60 + 100 are left. */
START_TEST(what_is_left_goes_at_the_pace_of_what_is_made)
{
	const struct rnf_study_runs runs = study_of(test_folder("progress"));
	const double cost = rnf_study_cost(&runs, &runs.at[0]), second = 80. / (1.4 * cost);
	ck_assert_double_eq(cost, STEPS * 8 * 1000.);
	ck_assert_double_eq_tol(rnf_study_pace(&runs), second, 1e-9 * second);
	ck_assert_double_eq_tol(rnf_study_left(&runs, 1), 160 * 80. / 140, 1e-9);
	ck_assert_double_eq_tol(rnf_study_left(&runs, 2), 160 * 80. / 140 / 2, 1e-9);
	/* two runs are open: a third job has nothing to do */
	ck_assert_double_eq_tol(rnf_study_left(&runs, 3), 160 * 80. / 140 / 2, 1e-9);
}
END_TEST

START_TEST(without_a_run_nothing_is_known)
{
	struct rnf_study_runs runs = study_of(test_folder("progress_none"));
	runs.at += 2;
	runs.n = 2;
	ck_assert(isnan(rnf_study_pace(&runs)));
	ck_assert(isnan(rnf_study_left(&runs, 1)));
	runs.at++;
	runs.n = 1;
	ck_assert_double_eq(rnf_study_left(&runs, 1), 0);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ what_is_left_goes_at_the_pace_of_what_is_made, 0 },
		{ without_a_run_nothing_is_known, 0 }, { NULL, 0 },
	};
	return test_run_cases("study/progress", cases);
}
