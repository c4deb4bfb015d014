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
	return rnf_child_run(dir, words, limit_ms);
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
	ck_assert_str_eq(rnf_child_run(".", none, 9000), "No such file or directory");
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

int main(void)
{
	const TTest *const tests[] = {
		runs_in_its_folder_without_input_and_output,
		tells_how_it_ended,
		is_killed_after_its_time,
		NULL,
	};
	return test_run("child", tests);
}
