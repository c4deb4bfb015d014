/* Units of a phase: each is run once, by workers that have runs without gaps; what one
 * of two does not come to is left to the other. */
#include "base/arena.h"
#include "exec/exec.h"
#include "lib/plugin.h"

enum { WORKERS = 9, UNITS = 40 };

static struct rnf_exec *start(int workers, int64_t units)
{
	struct rnf_exec *exec = rnf_alloc(sizeof *exec);
	exec->n_workers = workers;
	exec->workers = rnf_alloc((size_t)workers * sizeof *exec->workers);
	for (int i = 0; i < workers; i++)
		exec->workers[i].exec = exec;
	exec->units = units;
	rnf_shares_create(exec);
	rnf_shares_begin(exec);
	return exec;
}

/* In an order that `seed` says. Each worker's run grows by its neighbour's side. */
static void check_taken(int workers, int64_t units, unsigned seed)
{
	struct rnf_exec *exec = start(workers, units);
	int64_t taken[WORKERS] = { 0 }, last[WORKERS], done = 0;
	char seen[UNITS] = { 0 }, idle[WORKERS] = { 0 };
	for (int busy = workers; busy > 0;) {
		const int w = (int)((seed = seed * 1103515245 + 12345) >> 16) % workers;
		const int64_t unit = idle[w] ? -1 : rnf_share_take(&exec->workers[w], taken[w]);
		if (idle[w]) continue;
		idle[w] = unit < 0;
		busy -= unit < 0;
		if (unit < 0) continue;
		ck_assert_int_lt(unit, units);
		ck_assert_int_eq(seen[unit]++, 0);
		if (taken[w]++ > 0)
			ck_assert_int_eq(unit, last[w] + (rnf_goes_back(&exec->workers[w]) ? -1 : 1));
		last[w] = unit;
		done++;
	}
	ck_assert_int_eq(done, units);
}

START_TEST(each_unit_is_taken_once)
{
	for (int workers = 1; workers <= WORKERS; workers++)
		for (int64_t units = 0; units <= UNITS; units++)
			for (unsigned seed = 1; seed < 6; seed++)
				check_taken(workers, units, seed);
	rnf_arena_finish();
}
END_TEST

START_TEST(one_that_is_held_up_leaves_the_rest)
{
	struct rnf_exec *exec = start(2, UNITS);
	int64_t n = 0;
	ck_assert_int_eq(rnf_share_take(&exec->workers[0], 0), 0);
	while (rnf_share_take(&exec->workers[1], n) >= 0) n++;
	ck_assert_int_eq(n, UNITS - 1);
	ck_assert_int_eq(rnf_share_take(&exec->workers[0], 1), -1);
	rnf_arena_finish();
}
END_TEST

START_TEST(a_batch_of_one_leaf_is_the_first_workers)
{
	struct rnf_exec *exec = start(3, 0);
	exec->alone = 1;
	exec->units = 1;
	rnf_shares_begin(exec);
	ck_assert_int_eq(rnf_share_take(&exec->workers[0], 0), 0);
	ck_assert_int_eq(rnf_share_take(&exec->workers[0], 1), -1);
	rnf_arena_finish();
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ each_unit_is_taken_once, 0 },
		{ one_that_is_held_up_leaves_the_rest, 0 },
		{ a_batch_of_one_leaf_is_the_first_workers, 0 },
		{ NULL, 0 },
	};
	return test_run_cases("exec/share", cases);
}
