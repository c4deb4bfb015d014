#include "base/child.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "lib/plugin.h"
#include "lib/program.h"

static const char *shell(const char *dir, const char *script, int limit_ms)
{
	const char *words[] = { "sh", "-c", script, NULL };
	return rnf_child_run(dir, words, NULL, limit_ms);
}

START_TEST(runs_in_its_folder_without_input_and_output)
{
	const char *dir = rnf_format("%s", test_folder("child"));
	ck_assert_ptr_null(shell(dir, "cat >got", 9000));
	char out[64];
	ck_assert_int_eq(test_command(out, sizeof out, "cat %s/got", dir), 0);
	ck_assert_str_eq(out, "");
	ck_assert_ptr_null(shell(dir, "ls -l /proc/$$/fd | grep -c ' [012] -> /dev/null$' "
				 ">out", 9000));
	ck_assert_int_eq(test_command(out, sizeof out, "cat %s/out", dir), 0);
	ck_assert_str_eq(out, "3\n");
}
END_TEST

START_TEST(tells_how_it_ended)
{
	static const char *const none[] = { "no_such_program", NULL };
	ck_assert_str_eq(shell(".", "exit 3", 9000), "failed");
	ck_assert_str_eq(shell(".", "kill -9 $$", 9000), "failed");
	ck_assert_str_eq(rnf_child_run(".", none, NULL, 9000), "No such file or directory");
	ck_assert_str_eq(shell("/nonexistent", "true", 9000), "No such file or directory");
}
END_TEST

START_TEST(is_killed_after_its_time)
{
	const char *dir = rnf_format("%s", test_folder("child_slow"));
	ck_assert_str_eq(shell(dir, "echo $$ >pid; exec sleep 60", 300), "took too long");
	char out[64];
	ck_assert_int_ne(test_command(out, sizeof out, "kill -0 $(cat %s/pid) 2>/dev/null",
				      dir), 0);
}
END_TEST

/* A group of its own, and TERM, USR2, USR1, INT and HUP are blocked. */
START_TEST(signals_of_this_program_do_not_reach_it)
{
	static const char *const words[] = { "cp", "/proc/self/status", "status", NULL };
	const char *dir = test_folder("child_apart");
	ck_assert_ptr_null(rnf_child_run(dir, words, NULL, 9000));
	test_shell("cd %s && grep -q 'SigBlk:.*4a03$' status && "
		   "[ $(sed -n 's/^NSpgid:.//p' status) = $(sed -n 's/^Pid:.//p' status) ]", dir);
}
END_TEST

START_TEST(an_environment_of_its_own)
{
	static const char *const words[] = { "sh", "-c", "env | cut -d= -f1 | grep -v PWD >names",
					     NULL };
	static const char *const environment[] = { "PATH=/usr/bin:/bin", "ONE=1", NULL };
	const char *dir = rnf_format("%s", test_folder("child_environment"));
	char out[64];
	setenv("OTHER", "2", 1);
	ck_assert_ptr_null(rnf_child_run(dir, words, environment, 9000));
	ck_assert_int_eq(test_command(out, sizeof out, "grep -v '^_$' %s/names | sort", dir), 0);
	ck_assert_str_eq(out, "ONE\nPATH\n");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		runs_in_its_folder_without_input_and_output,
		tells_how_it_ended,
		is_killed_after_its_time,
		signals_of_this_program_do_not_reach_it,
		an_environment_of_its_own,
		NULL,
	};
	return test_run("child", tests);
}
