/* Large models: what planning one takes grows with its size and no faster, and a signal
 * ends it at once. Measured in the program's own processor time, which others' work on
 * the machine changes little. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "lib/plugin.h"
#include "lib/program.h"
#include "lib/sanitizer.h"

enum { PATIENCE_S = 60, HUGE = 1000 /* blocks, as many as a stage may have */ };

/* `rnframe VERB synthetic.cfg` with so many blocks, silent; with `out` a run folder. */
static pid_t start(const char *verb, int blocks, const char *out)
{
	char program[512], repeat[64];
	snprintf(program, sizeof program, "%s/rnframe", test_build());
	snprintf(repeat, sizeof repeat, "model.layers.stage1.repeat=%d", blocks);
	const char *arguments[] = { program, verb, "synthetic.cfg", repeat,
				    "train.batch_size=2", out ? "--out" : NULL, out, NULL };
	const pid_t pid = fork();
	if (pid != 0) return pid;
	const struct rlimit patience = { PATIENCE_S, PATIENCE_S + 1 };
	setrlimit(RLIMIT_CPU, &patience);
	if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr)) _exit(1);
	execv(program, (char **)arguments);
	_exit(1);
}

static double seconds(struct timeval t) { return (double)t.tv_sec + 1e-6 * (double)t.tv_usec; }

/* To its end; its seconds. */
static double finish(pid_t pid, int *status, struct rusage *usage)
{
	ck_assert_int_eq(wait4(pid, status, 0, usage), pid);
	return seconds(usage->ru_utime) + seconds(usage->ru_stime);
}

static double plan(int blocks, struct rusage *usage)
{
	int status;
	const double s = finish(start("plan", blocks, NULL), &status, usage);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0,
		      "%d blocks: status %#x after %g s", blocks, status, s);
	return s;
}

static double fastest_of_three(int blocks)
{
	struct rusage usage;
	double best = plan(blocks, &usage);
	for (int i = 1; i < 3; i++) {
		const double s = plan(blocks, &usage);
		if (s < best) best = s;
	}
	return best;
}

/* Four times, where it grows as the model; sixteen, where it grows as its square. */
START_TEST(planning_takes_time_as_the_model_has_blocks)
{
	const double few = fastest_of_three(200), many = fastest_of_three(800);
	ck_assert_msg(many < 8 * few, "200 blocks %g s, 800 %g s: %.1f times", few, many,
		      many / few);
}
END_TEST

START_TEST(a_thousand_blocks_are_planned_in_2_s_and_300_MB)
{
	struct rusage usage;
	if (TEST_ASAN || TEST_TSAN) return;
	const double s = plan(HUGE, &usage);
	ck_assert_msg(s < 2, "%g s", s);
	ck_assert_msg(usage.ru_maxrss < 300000, "%ld kB", usage.ru_maxrss);
}
END_TEST

/* More tensors than small models have: a checkpoint holds them, and is read back. */
START_TEST(a_thousand_blocks_are_trained_and_go_on)
{
	const char *dir = test_folder("thousand");
	char out[4096];
	for (int step = 1; step <= 2; step++)
		ck_assert_msg(test_program(out, sizeof out, "train synthetic.cfg "
			"model.layers.stage1.repeat=%d train.batch_size=2 data.test_images=2 "
			"train.pictures=false train.callbacks=checkpoint train.max_steps=%d "
			"--out %s/run%s", HUGE, step, dir, step > 1 ? " --resume auto" : "") == 0,
			"step %d: %s", step, out);
	ck_assert_msg(test_program(out, sizeof out, "verify %s/run", dir) == 0, "%s", out);
}
END_TEST

/* Long names of many tensors: the header would pass what readers take. */
START_TEST(a_model_that_no_checkpoint_holds_is_refused_before_its_first_step)
{
	const char *dir = test_folder("unheld");
	char out[4096], name[201], verb[600];
	memset(name, 'n', 200);
	name[200] = 0;
	for (int i = 0; i < 2; i++) {
		snprintf(verb, sizeof verb, i ? "train --out %s/run" : "check", dir);
		ck_assert_msg(test_program(out, sizeof out, "%s synthetic.cfg "
			"model.layers.1.repeat=%d model.layers.2.repeat=%d model.layers.1.name=%s "
			"model.layers.2.name=m%s numerics.on_nonfinite=rollback", verb, HUGE, HUGE,
			name, name + 1) == 2, "%s: %s", verb, out);
		ck_assert_msg(strstr(out, "a checkpoint cannot hold the model: "), "%s", out);
	}
	ck_assert_int_ne(access(rnf_format("%s/run", dir), F_OK), 0);
}
END_TEST

static const struct {
	const char *verb;
	int saves; /* it catches the signal, and ends with status 75 */
} verbs[] = { { "plan", 0 }, { "check", 0 }, { "train", 1 } };

/* Of a running process, in ticks; fields are counted from behind the name. */
static long ticks(pid_t pid)
{
	char path[64], line[1024] = "";
	long user = 0, system = 0;
	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	FILE *f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	const char *p = fgets(line, sizeof line, f) ? strrchr(line, ')') : NULL;
	fclose(f);
	ck_assert_msg(p && sscanf(p, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld",
				  &user, &system) == 2, "%s", line);
	return user + system;
}

/* Until it has worked for a twentieth of a second: the conf is read, no plan is there yet. */
static void let_it_plan(pid_t pid)
{
	while (ticks(pid) < sysconf(_SC_CLK_TCK) / 20)
		usleep(1000);
}

static void is_ended_by(int number, int row)
{
	struct rusage usage;
	int status;
	const pid_t pid = start(verbs[row].verb, HUGE, verbs[row].saves
				? test_folder("stopped") : NULL);
	let_it_plan(pid);
	kill(pid, number);
	const double s = finish(pid, &status, &usage);
	const int as_said = verbs[row].saves
		? WIFEXITED(status) && WEXITSTATUS(status) == 75
		: WIFSIGNALED(status) && WTERMSIG(status) == number;
	ck_assert_msg(as_said, "%s, signal %d: status %#x", verbs[row].verb, number, status);
	ck_assert_msg(s < (TEST_ASAN || TEST_TSAN ? 20 : 1), "%s, signal %d: %g s",
		      verbs[row].verb, number, s);
}

START_TEST(a_signal_ends_the_planning_at_once)
{
	is_ended_by(SIGTERM, _i);
	is_ended_by(SIGINT, _i);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ planning_takes_time_as_the_model_has_blocks, 0 },
		{ a_thousand_blocks_are_planned_in_2_s_and_300_MB, 0 },
		{ a_thousand_blocks_are_trained_and_go_on, 0 },
		{ a_model_that_no_checkpoint_holds_is_refused_before_its_first_step, 0 },
		{ a_signal_ends_the_planning_at_once, TEST_ROWS(verbs) },
		{ NULL, 0 },
	};
	return test_run_cases("plan/growth", cases);
}
