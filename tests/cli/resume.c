/* Runs that are interrupted and resumed: the same bits as without interruption, whatever
 * interrupted them; and what is refused. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/said.h"

/* 17 steps an epoch, the last of each with fewer images; a checkpoint each 7 steps. */
#define RUN "train synthetic.cfg data.images=300 train.epochs=4 " \
	"train.callbacks.training_monitor.plot=false train.callbacks.checkpoint.every_steps=7 "
#define LONG "train.epochs=60 "

static void train(int status, const char *dir, const char *name, const char *more)
{
	run(status, rnf_format(RUN "--out %s/%s %s", dir, name, more));
}

static int same_files(const char *dir, const char *a, const char *b, const char *file)
{
	return test_command(out, sizeof out, "cmp %s/%s/%s %s/%s/%s", dir, a, file, dir, b,
			    file) == 0;
}

/* Losses of every step; speeds, which follow on the line, differ. */
static int same_log(const char *dir, const char *a, const char *b)
{
	return test_command(out, sizeof out, "for i in %s %s; do sed 's/, \"images_per_s.*//' "
			    "%s/$i/steps.jsonl >%s/$i.log; done; cmp %s/%s.log %s/%s.log", a, b,
			    dir, dir, dir, a, dir, b) == 0;
}

static void check_same(const char *dir, const char *a, const char *b)
{
	ck_assert_msg(same_files(dir, a, b, "model.safetensors"), "%s has other bits", b);
	ck_assert_msg(same_log(dir, a, b), "%s: %s", b, out);
}

static int lines_of(const char *path)
{
	FILE *f = fopen(path, "r");
	int n = 0;
	for (int c; f && (c = fgetc(f)) != EOF;) n += c == '\n';
	if (f) fclose(f);
	return n;
}

/* The last steps are repeated, and a changed one is found. */
static void check_replay(const char *dir, const char *name)
{
	long long steps, from, losses;
	const int all = lines_of(rnf_format("%s/%s/steps.jsonl", dir, name));
	run(0, rnf_format("verify %s/%s --steps 9", dir, name));
	const char *row = strstr(out, "replay ");
	ck_assert_msg(row && sscanf(row, "replay %lld steps after step %lld: %lld losses", &steps,
				    &from, &losses) == 3, "%s", out);
	ck_assert_msg(steps >= 9 && from + steps == all && losses == steps, "%s", out);
	test_shell("cp -r %s/%s %s/changed; sed -i '$s/\"loss\": [0-9.]*/\"loss\": 9.5/' "
		   "%s/changed/steps.jsonl", dir, name, dir, dir);
	run(2, rnf_format("verify %s/changed --steps 9 2>&1", dir));
	has(rnf_format("the replay computes other bits from step %d on", all));
}

/* -- breaks -- */

static pid_t start(const char *dir, const char *name, const char *more)
{
	char command[2048];
	snprintf(command, sizeof command, "exec %s/rnframe " RUN "--out %s/%s %s "
		 ">%s/%s.out 2>&1", test_build(), dir, name, more, dir, name);
	const pid_t pid = fork();
	if (pid == 0) {
		signal(SIGINT, SIG_DFL); /* a shell lets its background jobs ignore it, */
		signal(SIGHUP, SIG_DFL); /* and nohup this one: the program respects both */
		execl("/bin/sh", "sh", "-c", command, NULL);
		_exit(127);
	}
	return pid;
}

/* Send the signal once so many steps are in the log; the status as a shell reports it. */
static int break_at(const char *dir, const char *name, const char *more, int steps, int number)
{
	const struct timespec pause = { .tv_nsec = 500000 };
	char log[512];
	int status;
	snprintf(log, sizeof log, "%s/%s/steps.jsonl", dir, name);
	const pid_t pid = start(dir, name, more);
	while (lines_of(log) < steps && waitpid(pid, &status, WNOHANG) == 0)
		nanosleep(&pause, NULL);
	kill(pid, number);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

START_TEST(the_same_bits_after_a_planned_end)
{
	const char *dir = test_folder("resume");
	train(0, dir, "whole", "threads=1");
	for (int threads = 1; threads <= 4; threads++)
		for (int end = 16; end <= 18; end++) { /* 17 steps are an epoch */
			char name[32], more[96];
			snprintf(name, sizeof name, "end%d_%d", end, threads);
			snprintf(more, sizeof more, "threads=%d train.max_steps=%d",
				 5 - threads, end);
			train(0, dir, name, more);
			snprintf(more, sizeof more, "threads=%d --resume auto", threads);
			train(0, dir, name, more);
			check_same(dir, "whole", name);
		}
	check_replay(dir, "end17_1");
}
END_TEST

static const struct {
	int number, status;
} breaks[] = {
	{ SIGKILL, 128 + SIGKILL }, { SIGTERM, 75 }, { SIGINT, 75 }, { SIGXCPU, 75 },
	{ SIGUSR1, 0 }, { SIGHUP, 0 },
};

START_TEST(the_same_bits_after_a_signal)
{
	const int number = breaks[_i].number, expected = breaks[_i].status;
	const char *dir = test_folder("signal");
	train(0, dir, "whole", LONG);
	ck_assert_int_eq(break_at(dir, "broken", LONG "threads=2", 40, number), expected);
	train(0, dir, "broken", LONG "threads=3 --resume auto");
	if (expected == 128 + SIGKILL) has("taken over");
	has(expected ? "steps are made" : "is finished");
	check_same(dir, "whole", "broken");
	check_replay(dir, "broken");
}
END_TEST

START_TEST(a_second_interrupt_ends_at_once)
{
	const char *dir = test_folder("interrupt");
	const pid_t pid = start(dir, "a", LONG "train.epochs=100000");
	const struct timespec pause = { .tv_nsec = 300000000 };
	int status;
	nanosleep(&pause, NULL);
	kill(pid, SIGSTOP); /* so that both arrive before a step ends */
	kill(pid, SIGINT);
	kill(pid, SIGCONT);
	kill(pid, SIGINT);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status) ? WTERMSIG(status) == SIGINT : WEXITSTATUS(status) == 75);
}
END_TEST

/* -- what is chosen -- */

START_TEST(damaged_checkpoints_are_skipped_with_a_word)
{
	const char *dir = test_folder("damaged");
	train(0, dir, "whole", "");
	train(0, dir, "a", "train.max_steps=30 train.callbacks.checkpoint.keep=0");
	test_shell("cd %s/a/checkpoints && for i in last best synthetic_2; do head -c 9000 "
		   "$i.safetensors >x && mv x $i.safetensors; done && printf x | dd bs=1 "
		   "seek=12000 conv=notrunc of=synthetic_step28.safetensors 2>/dev/null; "
		   "echo cut >draft.safetensors.tmp", dir);
	train(0, dir, "a", "--resume auto");
	has("last.safetensors: file is truncated: 9,000 of ");
	has("step28.safetensors is damaged");
	has("step21.safetensors: 21 of 68 steps");
	ck_assert_int_ne(test_command(out, sizeof out, "ls %s/a/checkpoints | grep tmp", dir), 0);
	check_same(dir, "whole", "a");
}
END_TEST

START_TEST(a_checkpoint_by_name)
{
	const char *dir = test_folder("by_name");
	train(0, dir, "whole", "");
	train(0, dir, "a", "train.max_steps=30 train.callbacks.checkpoint.keep=0");
	run(0, rnf_format(RUN "--resume "
		"%s/a/checkpoints/synthetic_step7.safetensors --out %s/b", dir, dir));
	has("step7.safetensors: 7 of 68 steps");
	ck_assert(same_files(dir, "whole", "b", "model.safetensors"));
	run(0, rnf_format(RUN "--resume %s/a/checkpoints/synthetic_step14.safetensors", dir));
	check_same(dir, "whole", "a");
	train(2, dir, "a", "--resume nothing.safetensors");
	has("there is no such checkpoint");
	run(2, rnf_format(RUN "--out %s/c --resume %s/a/model.safetensors", dir, dir));
	has("it holds weights only");
}
END_TEST

/* Without --out, auto takes the newest unfinished run of this name. */
START_TEST(the_newest_unfinished_run)
{
	const char *dir = test_folder("newest");
	ck_assert_int_eq(test_command(out, sizeof out, "bin=$(realpath %s/rnframe) && cd %s && "
		"$bin " RUN "--resume auto train.max_steps=20 && sleep 1.1 && "
		"$bin " RUN "seed=7 && $bin " RUN "--resume auto", test_build(), dir), 0);
	ck_assert_int_eq(test_command(out, sizeof out, "cd %s/runs/synthetic && ls -d *-s42-* | "
		"wc -l && grep -h '\"state\\|\"step\"' *-s42-*/run.json", dir), 0);
	ck_assert_msg(!strncmp(out, "1\n", 2) && said("finished") && said("\"step\": 68"), "%s", out);
}
END_TEST

START_TEST(how_many_stay)
{
	static const char *const left[][2] = {
		{ "keep=0", "best last synthetic_1 synthetic_2 synthetic_step14 synthetic_step21 "
		  "synthetic_step28 synthetic_step7 " },
		{ "keep=1", "best last synthetic_2 synthetic_step28 " },
		{ "keep=3", "best last synthetic_2 synthetic_step21 synthetic_step28 " },
	};
	const char *dir = test_folder("keep");
	for (int i = 0; i < 3; i++) {
		char more[128];
		snprintf(more, sizeof more, "train.max_steps=34 train.callbacks.checkpoint.%s",
			 left[i][0]);
		train(0, dir, left[i][0], more);
		test_command(out, sizeof out, "cd %s/%s/checkpoints && for i in *; do "
			     "printf '%%s ' ${i%%.safetensors}; done", dir, left[i][0]);
		ck_assert_str_eq(out, left[i][1]);
	}
}
END_TEST

/* -- what is refused, and what changes nothing -- */

START_TEST(another_conf_is_refused)
{
	const char *dir = test_folder("other");
	train(0, dir, "a", "train.max_steps=20");
	test_shell("cd %s && find a -type f | sort | xargs md5sum >before", dir);
	train(2, dir, "a", "--resume auto model.act=mish train.batch_size=8 seed=1");
	ck_assert_msg(said("model.act is \"mish\" (was \"relu\")") && said("train.batch_size is 8") &&
		      said("seed is 1 (was 42)"), "%s", out);
	run(2, rnf_format(RUN "train.max_steps=10 --resume "
		"%s/a/checkpoints/last.safetensors", dir));
	has("raise train.epochs or train.max_steps");
	train(2, dir, "a", "");
	has("holds a run already");
	test_shell("cd %s && find a -type f | sort | xargs md5sum | cmp - before", dir);
	train(0, dir, "a", "--resume auto threads=3 train.callbacks.progress.type=checkpoint "
	    "train.recompute=activations model.algorithm=auto"); /* the defaults */
}
END_TEST

START_TEST(other_kernels_are_told)
{
	const char *dir = test_folder("kernels");
	ck_assert_int_eq(setenv("RNF_ISA", "portable", 1), 0);
	train(0, dir, "a", "train.max_steps=20");
	train(0, dir, "a", "--resume auto train.max_steps=30");
	ck_assert_msg(!said("not the same"), "%s", out);
	unsetenv("RNF_ISA");
	train(0, dir, "a", "--resume auto");
	const int told = said("changed since the checkpoint: kernels; equal bits");
	const int same = test_command(out, sizeof out, "grep '\"kernels\": \"portable' "
				      "%s/a/run.json", dir) == 0; /* the best here */
	ck_assert_int_eq(told, !same);
}
END_TEST

START_TEST(a_finished_run_can_only_be_extended)
{
	const char *dir = test_folder("extend");
	train(0, dir, "long", "train.epochs=6");
	train(0, dir, "a", "");
	test_shell("cd %s && find a -type f | sort | xargs md5sum >before", dir);
	train(0, dir, "a", "--resume auto");
	has("is finished at step 68");
	train(2, dir, "a", "--resume auto seed=7");
	has("a is a run of another conf: seed is 7 (was 42)");
	test_shell("cd %s && find a -type f | sort | xargs md5sum | cmp - before", dir);
	train(0, dir, "a", "--resume auto --extend 2");
	has("schedule 6 epochs, not 4: the rate of step 69 is 0.1");
	ck_assert(same_log(dir, "long", "a"));
	train(2, dir, "a", "--resume auto --extend two");
	train(2, dir, "b", "--extend 2");
	has("--extend goes with --resume");
}
END_TEST

START_TEST(a_fresh_start_is_said)
{
	const char *dir = test_folder("fresh");
	train(0, dir, "whole", "");
	train(0, dir, "a", "--resume auto");
	has("nothing to resume in");
	check_same(dir, "whole", "a");
	test_shell("cd %s/a && rm checkpoints/* && echo '{' >run.json", dir);
	train(0, dir, "a", "--resume auto");
	has("has no checkpoint that can be used: from the start");
	check_same(dir, "whole", "a");
}
END_TEST

START_TEST(a_folder_in_use_is_left_alone)
{
	const char *dir = test_folder("in_use");
	const pid_t pid = start(dir, "a", "train.epochs=100000");
	char log[512];
	int status;
	snprintf(log, sizeof log, "%s/a/steps.jsonl", dir);
	while (lines_of(log) < 5 && waitpid(pid, &status, WNOHANG) == 0) usleep(1000);
	train(2, dir, "a", "train.epochs=100000 --resume auto");
	has("is in use by process");
	kill(pid, SIGTERM);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(WEXITSTATUS(status), 75);
	test_shell("echo 'host elsewhere pid 7 boot x' >%s/a/lock", dir);
	train(2, dir, "a", "train.epochs=100000 --resume auto");
	has("on the host elsewhere: if that one is gone, remove");
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ the_same_bits_after_a_signal, TEST_ROWS(breaks) },
		{ the_same_bits_after_a_planned_end, 0 },
		{ a_second_interrupt_ends_at_once, 0 },
		{ damaged_checkpoints_are_skipped_with_a_word, 0 },
		{ a_checkpoint_by_name, 0 },
		{ the_newest_unfinished_run, 0 },
		{ how_many_stay, 0 },
		{ another_conf_is_refused, 0 },
		{ other_kernels_are_told, 0 },
		{ a_finished_run_can_only_be_extended, 0 },
		{ a_fresh_start_is_said, 0 },
		{ a_folder_in_use_is_left_alone, 0 },
		{ NULL, 0 },
	};
	return test_run_cases("resume", cases);
}
