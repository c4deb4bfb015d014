#include "base/child.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/status.h"
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

/* -- beside this process -- */

static int wait_for(pid_t pid)
{
	int status = 0;
	while (!rnf_child_ended(pid, &status)) usleep(2000);
	return status;
}

START_TEST(runs_beside_this_one)
{
	static const char *const words[] = { "shell", "-c", "echo $0; cat; echo b >&2; sleep 0.1; "
					     "exit $1", "it", "7", NULL };
	static const char *const dies[] = { "shell", "-c", "kill -9 $$", NULL };
	static const char *const none[] = { "none", NULL };
	const char *log = rnf_format("%s/log", test_folder("child_beside"));
	char out[256];
	pid_t pid;
	int status;
	test_shell("echo before >%s", log);
	ck_assert_int_eq(rnf_child_start("/bin/sh", words, log, -1, &pid), RNF_OK);
	ck_assert(!rnf_child_ended(pid, &status));
	ck_assert_int_eq(wait_for(pid), 7);
	ck_assert_int_eq(rnf_child_start("/bin/sh", dies, log, -1, &pid), RNF_OK);
	ck_assert_int_eq(wait_for(pid), -9);
	ck_assert_int_eq(rnf_child_start("/nonexistent", none, log, -1, &pid), RNF_OK);
	ck_assert_int_eq(wait_for(pid), 127);
	ck_assert_int_eq(test_command(out, sizeof out, "cat %s", log), 0);
	ck_assert_str_eq(out, "before\nit\nb\nnone: No such file or directory\n");
	ck_assert_int_eq(rnf_child_start("/bin/sh", dies, "/nonexistent/log", -1, &pid), RNF_EIO);
}
END_TEST

/* Who holds a lock by a descriptor still does when this process is gone. */
START_TEST(keeps_one_descriptor)
{
	static const char *const words[] = { "sh", "-c", "ls -l /proc/$$/fd", NULL };
	const char *dir = rnf_format("%s", test_folder("child_keep")), *log = rnf_format("%s/log", dir);
	const int kept = open(rnf_format("%s/kept", dir), O_CREAT | O_RDWR | O_CLOEXEC, 0666);
	const int other = open(rnf_format("%s/other", dir), O_CREAT | O_RDWR | O_CLOEXEC, 0666);
	pid_t pid;
	ck_assert(kept >= 0 && other >= 0);
	ck_assert_int_eq(rnf_child_start("/bin/sh", words, log, kept, &pid), RNF_OK);
	ck_assert_int_eq(wait_for(pid), 0);
	test_shell("grep -q /kept %s && ! grep -q /other %s", log, log);
	close(kept);
	close(other);
}
END_TEST

START_TEST(is_told_when_this_process_dies)
{
	static const char *const words[] = { "sh", "-c", "trap 'echo told; exit' TERM; echo ready; "
					     "while :; do sleep 0.02; done", NULL };
	const char *log = rnf_format("%s/log", test_folder("child_orphan"));
	const pid_t between = fork();
	pid_t pid;
	if (between == 0) {
		rnf_child_start("/bin/sh", words, log, -1, &pid);
		for (;;) pause();
	}
	test_shell("until grep -q ready %s; do sleep 0.02; done 2>/dev/null", log);
	kill(between, SIGKILL);
	waitpid(between, NULL, 0);
	test_shell("for i in $(seq 500); do grep -q told %s && exit; sleep 0.02; done; exit 1", log);
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
		runs_beside_this_one,
		keeps_one_descriptor,
		is_told_when_this_process_dies,
		NULL,
	};
	return test_run("child", tests);
}
