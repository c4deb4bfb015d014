/* The contract tests catch what no run shows: plugins with one mistake each, alone in a
 * folder that the tests look at. Without a mistake nothing is said of them. */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "lib/plugin.h"
#include "lib/program.h"
#include "lib/sanitizer.h"

enum { TRUE, SLOPE, FUSED, STATE, RANDOM, PAST, INPUT, TILE, PLACE, LOST };

static const struct {
	const char *kind;
	int how;
	const char *test, *words; /* NULL: no word of it */
} rows[] = {
	{ "activation", TRUE, "tiles", NULL },
	{ "activation", SLOPE, "tiles", "untrue at " },
	{ "activation", FUSED, "tiles", "untrue: fwd_bwd: [0 of 1] is " },
	{ "activation", STATE, "tiles", "untrue: fwd: [0 of 1] is " },
	{ "activation", RANDOM, "tiles", "untrue: fwd: [0 of 1] is " },
	{ "activation", PAST, "tiles", "untrue: fwd: writes 1 past the end of 1" },
	{ "activation", INPUT, "tiles", "untrue: fwd: [0 of 1] is 0x1p+0" },
	{ "activation", TILE, "tiles", "fwd: writes to the tile" },
	{ "activation", PLACE, "tiles", "untrue: fwd: [0 of 1] is " },
	{ "activation", LOST, "tiles", "untrue: bwd: no NaN in dx" },
	{ "scheduler", 0, "kinds", NULL },
	{ "scheduler", 1, "kinds", "untrue: step 1 has two rates" },
	{ "backend", 0, "backends", "] is nan, not " },
};

START_TEST(mistakes_are_seen)
{
	static char out[1 << 18];
	const char *dir = rnf_format("%s", test_folder("caught")), *kind = rows[_i].kind;
	if (TEST_ASAN || TEST_TSAN) return; /* they end the test themselves */
	test_shell("mkdir -p %s/plugins/%s && ${CC:-cc} -std=gnu17 -O1 -shared -fPIC -Iinclude -DHOW=%d "
		   "tests/bad/%s/untrue.c -o %s/plugins/%s/untrue.so", dir, kind, rows[_i].how, kind, dir,
		   kind);
	test_command(out, sizeof out, "RNF_BUILD=%s %s/tests/contract/%s 2>&1", dir, test_build(),
		     rows[_i].test);
	ck_assert_msg(strstr(out, "Checks: ") != NULL, "%.2000s", out);
	ck_assert_msg(!strstr(out, rows[_i].words ? rows[_i].words : "untrue") == !rows[_i].words,
		      "%.3000s", out);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = { { mistakes_are_seen, TEST_ROWS(rows) }, { NULL, 0 } };
	return test_run_cases("contract/caught", cases);
}
