/* A short campaign of each class (tests/campaign): the program is killed, its disk fails,
 * its memory runs out, signals arrive; nothing may be lost. */
#include <stdio.h>
#include <stdlib.h>

#include "lib/plugin.h"
#include "lib/program.h"
#include "lib/sanitizer.h"

enum { SANITIZED = TEST_ASAN || TEST_TSAN };

static const struct class {
	const char *name;
	int cases, preloads;
} classes[] = {
	{ "kill", 60, 0 },
	{ "calls", 40, 1 },
	{ "order", 2, 1 },
	{ "power", 150, 1 },
	{ "storage", 422, 1 },
	{ "memory", 100, 1 },
	{ "signals", 40, 0 },
};

/* Under a sanitizer a run takes ten times as long, and its library must be loaded before
 * any other. */
START_TEST(nothing_is_lost)
{
	static char out[32768];
	const struct class *c = &classes[_i];
	if (SANITIZED && c->preloads) return;
	const int status = test_command(out, sizeof out,
		"python3 -B tests/campaign/campaign.py --build %s --ledger '' --class %s "
		"--count %d 2>&1", test_build(), c->name,
		SANITIZED ? c->cases / 10 : c->cases);
	ck_assert_msg(status == 0, "%s", out);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = { { nothing_is_lost, TEST_ROWS(classes) },
					   { NULL, 0 } };
	return test_run_cases("campaign", cases);
}
