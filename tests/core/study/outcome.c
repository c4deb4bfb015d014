/* What run.json says about a run, whoever wrote it. */
#include "study/outcome.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/lock.h"
#include "lib/plugin.h"
#include "lib/program.h"

static const struct {
	const char *json;
	enum rnf_run_state state;
	int counts, diverged;
} rows[] = {
	{ NULL, RNF_RUN_NONE, 0, 0 },
	{ "{}", RNF_RUN_BROKEN, 0, 0 },
	{ "[]", RNF_RUN_BROKEN, 0, 0 },
	{ "{\"state\": \"starting\"}", RNF_RUN_BROKEN, 0, 0 },
	{ "{\"state\": \"running\"}", RNF_RUN_BROKEN, 0, 0 },
	{ "{\"state\": 7}", RNF_RUN_BROKEN, 0, 0 },
	{ "{\"state\": \"stopped\", \"exit_status\": 75}", RNF_RUN_STOPPED, 0, 0 },
	{ "{\"state\": \"failed\", \"exit_status\": 3}", RNF_RUN_FAILED, 0, 0 },
	{ "{\"state\": \"failed\", \"exit_status\": 4}", RNF_RUN_FAILED, 0, 1 },
	{ "{\"state\": \"failed\"}", RNF_RUN_FAILED, 0, 0 },
	{ "{\"state\": \"finished\", \"test\": {\"error\": 5.5, \"cross_entropy\": 0.1}}",
	  RNF_RUN_FINISHED, 1, 0 },
	{ "{\"state\": \"finished\", \"test\": {\"error\": 5.5, \"cross_entropy\": null}}",
	  RNF_RUN_FINISHED, 0, 1 },
	{ "{\"state\": \"finished\", \"test\": {\"error\": 1e308, \"cross_entropy\": 0.1}}",
	  RNF_RUN_FINISHED, 0, 1 },
	{ "{\"state\": \"finished\", \"test\": {\"error\": -1, \"cross_entropy\": 0.1}}",
	  RNF_RUN_FINISHED, 0, 1 },
	{ "{\"state\": \"finished\", \"test\": \"none\"}", RNF_RUN_FINISHED, 0, 1 },
};

START_TEST(states_of_a_folder)
{
	const char *dir = rnf_format("%s", test_folder("outcome"));
	struct rnf_outcome o;
	if (rows[_i].json) test_shell("echo '%s' >%s/run.json", rows[_i].json, dir);
	rnf_outcome_read(&o, dir);
	ck_assert_int_eq(o.state, rows[_i].state);
	ck_assert_int_eq(rnf_outcome_counts(&o), rows[_i].counts);
	ck_assert_int_eq(rnf_outcome_diverged(&o), rows[_i].diverged);
}
END_TEST

START_TEST(one_that_lives)
{
	static const char *const states[] = { "starting", "running" };
	const char *dir = rnf_format("%s", test_folder("outcome_alive"));
	struct rnf_lock lock;
	struct rnf_outcome o;
	ck_assert_int_eq(rnf_lock_take(&lock, dir), 0);
	for (int i = 0; i < 2; i++) {
		test_shell("echo '{\"state\": \"%s\"}' >%s/run.json", states[i], dir);
		rnf_outcome_read(&o, dir);
		ck_assert_int_eq(o.state, RNF_RUN_RUNNING);
	}
	rnf_lock_release(&lock);
}
END_TEST

START_TEST(figures)
{
	const char *dir = rnf_format("%s", test_folder("outcome_figures"));
	struct rnf_outcome o;
	test_shell("echo '{\"state\": \"finished\", \"seed\": 3, \"name\": \"x\", \"test\": {"
		   "\"error\": 6.5, \"error_low\": 6, \"error_high\": 7}, \"last\": {\"epoch\": 9, "
		   "\"time_s\": 1.5, \"peak_rss_bytes\": 100}, \"steps\": 12}' >%s/run.json", dir);
	rnf_outcome_read(&o, dir);
	ck_assert(o.seed == 3 && o.epoch == 9 && o.steps == 12 && o.exit_status == -1);
	ck_assert(o.error == 6.5 && o.low == 6 && o.high == 7 && o.seconds == 1.5);
	ck_assert(o.peak_bytes == 100 && isnan(o.cross_entropy) && isnan(o.images_per_s));
	ck_assert_str_eq(o.name, "x");
	ck_assert_str_eq(o.started, "");
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ states_of_a_folder, TEST_ROWS(rows) }, { one_that_lives, 0 }, { figures, 0 }, { NULL, 0 },
	};
	return test_run_cases("study/outcome", cases);
}
