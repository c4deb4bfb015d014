/* rnframe lr: the table, and the files of --out. */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "lib/plugin.h"
#include "lib/program.h"

static char out[16384];

START_TEST(a_table_and_a_picture)
{
	const char *dir = test_folder("lr");
	ck_assert_msg(test_program(out, sizeof out, "lr synthetic.cfg data.images=300 --steps 60 "
				   "--out %s/a", dir) == 0, "%s", out);
	ck_assert_ptr_nonnull(strstr(out, "\nvalley "));
	ck_assert_ptr_nonnull(strstr(out, "\nslide "));
	ck_assert_ptr_nonnull(strstr(out, "of 60 steps"));
	test_shell("head -n 1 %s/a/lr.csv | grep -qx $(printf 'step,rate,loss,smoothed\\r')", dir);
	test_shell("! grep -v $(printf '\\r')'$' %s/a/lr.csv", dir);
	test_shell("sed -n 2p %s/a/lr.csv | grep -q '^1,1e-07,'", dir);
	test_shell("grep -q '>minimum<' %s/a/lr.svg && test $(ls %s/a | wc -l) = 3", dir, dir);
}
END_TEST

static const struct { const char *arguments, *words; } refused[] = {
	{ "lr", "lr needs a conf" },
	{ "lr synthetic.cfg --steps 0", "--steps is \"0\", must be a number of 1 .. 100000" },
	{ "lr synthetic.cfg --steps 3x", "--steps is \"3x\"" },
	{ "lr synthetic.cfg --weights none", "none: No such file" },
	{ "lr synthetic.cfg --json a", "lr does not take --json" },
};

START_TEST(what_is_refused)
{
	ck_assert_int_eq(test_program(out, sizeof out, "%s", refused[_i].arguments), 2);
	ck_assert_msg(strstr(out, refused[_i].words) != NULL, "%s", out);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ a_table_and_a_picture, 0 }, { what_is_refused, TEST_ROWS(refused) }, { NULL, 0 },
	};
	return test_run_cases("cli/lr", cases);
}
