/* What a run needs for saving is loaded and tried before its first step. */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "lib/plugin.h"
#include "lib/program.h"
#include "lib/sanitizer.h"

#define RUN "train synthetic.cfg train.callbacks.training_monitor.plot=false " \
	"train.pictures=false "

static char out[16384];

/* The program with one open below `folder` of the build that fails. */
static int fails(const char *folder, int number, const char *cause, const char *arguments)
{
	return test_command(out, sizeof out, "b=$(realpath %s); LD_PRELOAD=$b/tests/fault.so "
			    "RNF_FAULT=open:%d:%s RNF_FAULT_UNDER=$b/%s $b/rnframe %s 2>&1",
			    test_build(), number, cause, folder, arguments);
}

static const struct {
	const char *cause, *words;
	int status;
} causes[] = {
	{ "EMFILE", "Too many open files", 3 },
	{ "EIO", "Input/output error", 3 },
};

/* The folder of the formats is opened first, then each of its files. */
START_TEST(a_format_that_cannot_be_read_is_said_at_once)
{
	if (TEST_ASAN || TEST_TSAN) return; /* no other library may be loaded before theirs */
	const char *dir = rnf_format("%s", test_folder("one_open"));
	for (int n = 1; n <= 3; n++) {
		const char *run = rnf_format(RUN "--out %s/a%d", dir, n);
		ck_assert_msg(fails("plugins/format", n, causes[_i].cause, run) ==
			      causes[_i].status, "open %d: %.2000s", n, out);
		ck_assert_msg(strstr(out, causes[_i].words) && strstr(out, "/plugins/format"),
			      "%.2000s", out);
		ck_assert_msg(!strstr(out, "epoch"), "%.2000s", out); /* no step was made */
		ck_assert_msg(test_program(out, sizeof out, "%s", run) == 0, "%.2000s", out);
	}
}
END_TEST

/* Otherwise the run would start anew although there is a checkpoint to resume from. */
START_TEST(no_resume_overlooks_checkpoints)
{
	if (TEST_ASAN || TEST_TSAN) return;
	const char *dir = rnf_format("%s", test_folder("overlooked"));
	const char *run = rnf_format(RUN "--out %s/a", dir);
	ck_assert_msg(test_program(out, sizeof out, "%s train.max_steps=6", run) == 0, "%.2000s", out);
	test_shell("cp -r %s/a %s/before", dir, dir);
	for (int n = 1; n <= 3; n++) {
		ck_assert_msg(fails("plugins/format", n, causes[_i].cause,
				    rnf_format("%s --resume auto", run)) == causes[_i].status,
			      "open %d: %.2000s", n, out);
		ck_assert_msg(fails("plugins/format", n, causes[_i].cause,
				    rnf_format("verify %s/a", dir)) == causes[_i].status,
			      "open %d: %.2000s", n, out);
		test_shell("diff -r %s/a %s/before", dir, dir);
	}
	ck_assert_msg(test_program(out, sizeof out, "%s --resume auto", run) == 0, "%.2000s", out);
	ck_assert_msg(strstr(out, "6 of 8 steps are made") != NULL, "%.2000s", out);
}
END_TEST

/* With one less, another backend would be the best, and the bits would differ. */
START_TEST(no_backend_is_left_out_silently)
{
	if (TEST_ASAN || TEST_TSAN) return;
	for (int n = 1; n <= 2; n++) {
		ck_assert_msg(fails("plugins/backend", n, causes[_i].cause,
				    "plan synthetic.cfg") == causes[_i].status, "%.2000s", out);
		ck_assert_msg(strstr(out, causes[_i].words) != NULL, "%.2000s", out);
	}
}
END_TEST

/* However few files a process may open, the message is about that. */
START_TEST(too_few_descriptors)
{
	const char *dir = rnf_format("%s", test_folder("descriptors"));
	if (TEST_ASAN || TEST_TSAN) return;
	for (int most = 5; most <= 9; most++) {
		const int status = test_command(out, sizeof out, "(ulimit -n %d; exec %s/rnframe "
						RUN "--out %s/a%d) 2>&1", most, test_build(), dir,
						most);
		ck_assert_msg(status == 0 || strstr(out, "Too many open files"), "%d: %.2000s", most,
			      out);
	}
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ a_format_that_cannot_be_read_is_said_at_once, TEST_ROWS(causes) },
		{ no_resume_overlooks_checkpoints, TEST_ROWS(causes) },
		{ no_backend_is_left_out_silently, TEST_ROWS(causes) },
		{ too_few_descriptors, 0 },
		{ NULL, 0 },
	};
	return test_run_cases("run/checkpoint", cases);
}
