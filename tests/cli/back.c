/* Which run is resumed, from where, and what a run that goes back leaves behind. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/said.h"
#include "lib/sanitizer.h"

/* 17 steps an epoch; a checkpoint each 7 steps. */
#define RUN "train synthetic.cfg data.images=300 train.epochs=4 " \
	"train.callbacks.training_monitor.plot=false train.callbacks.checkpoint.every_steps=7 "

static void train(int status, const char *arguments)
{
	run(status, rnf_format(RUN "%s", arguments));
}

/* The weights and the losses of each step equal those of the run `whole`. */
static void check_same(const char *dir, const char *name)
{
	ck_assert_msg(test_command(out, sizeof out, "cd %s && cmp whole/model.safetensors "
		"%s/model.safetensors && for i in whole %s; do sed 's/, \"images_per_s.*//' "
		"$i/steps.jsonl >$i.log; done; cmp whole.log %s.log", dir, name, name, name) == 0,
		"%s", out);
}

static int is_there(const char *path) { return access(path, F_OK) == 0; }

/* -- which run -- */

/* Starts a run of few steps in `dir`, where that is the local time. */
static void start_in(const char *dir, const char *zone, int steps)
{
	ck_assert_msg(test_command(out, sizeof out, "bin=$(realpath %s/rnframe) && cd %s && "
		"TZ=%s $bin " RUN "train.max_steps=%d 2>&1 && sleep 1.1", test_build(), dir, zone,
		steps) == 0, "%s", out);
}

static void resume_in(const char *dir, const char *steps)
{
	ck_assert_msg(test_command(out, sizeof out, "bin=$(realpath %s/rnframe) && cd %s && "
		"$bin " RUN "--resume auto train.max_steps=30 2>&1", test_build(), dir) == 0, "%s",
		out);
	has(rnf_format("%s of 30 steps are made", steps));
}

/* Local time is 14 hours less in New York than in Tokyo. */
START_TEST(the_run_that_started_last)
{
	const char *dir = test_folder("started_last");
	start_in(dir, "Asia/Tokyo", 20);
	start_in(dir, "America/New_York", 21);
	resume_in(dir, "21");
	test_shell("cd %s/runs/synthetic && ls | grep -q \"^$(date -u +%%Y-%%m-%%d)_.*Z-s42-\"", dir);
	start_in(dir, "America/New_York", 22); /* ties: the name that comes later */
	test_shell("cd %s/runs/synthetic && rm -r $(ls | sed -n 2p) && sed -i "
		   "'s/\"started\": \"[^\"]*/\"started\": \"2026-01-01T00:00:00Z/' */run.json && "
		   "mv $(ls | head -1) run-10 && mv $(ls | head -1) run-9", dir);
	resume_in(dir, "20");
	test_shell("cd %s/runs/synthetic && sed -i '/\"started\"/d' run-10/run.json && "
		   "sed -i 's/\"finished\"/\"stopped\"/' */run.json", dir);
	resume_in(dir, "22"); /* a run without a start time counts as the oldest */
}
END_TEST

/* -- from where -- */

START_TEST(the_last_folder_of_checkpoints_in_the_path)
{
	const char *dir = test_folder("nested");
	train(0, rnf_format("--out %s/checkpoints/a train.max_steps=20", dir));
	test_shell("cd %s/checkpoints && touch other.tmp a/checkpoints/other.tmp "
		   "a/checkpoints/best.safetensors.tmp", dir);
	train(0, rnf_format("--resume %s/checkpoints/a/checkpoints/last.safetensors", dir));
	test_shell("cd %s && test ! -e run.json && test -e checkpoints/other.tmp && "
		   "test -e checkpoints/a/checkpoints/other.tmp && "
		   "test ! -e checkpoints/a/checkpoints/best.safetensors.tmp && "
		   "grep '\"step\": 68' checkpoints/a/run.json", dir);
}
END_TEST

/* What a refused resume with another run's conf leaves behind: nothing. */
START_TEST(a_refused_resume_leaves_nothing)
{
	const char *dir = test_folder("refused");
	train(0, rnf_format("--out %s/a train.max_steps=20", dir));
	train(2, rnf_format("--resume %s/a/checkpoints/last.safetensors --out %s/new seed=7", dir, dir));
	has("is a checkpoint of another conf");
	ck_assert(!is_there(rnf_format("%s/new", dir)));
}
END_TEST

START_TEST(a_run_without_a_checkpoint_starts_from_its_weights)
{
	const char *dir = test_folder("from_weights");
	train(0, rnf_format("--out %s/first train.max_steps=9", dir));
	train(0, rnf_format("--out %s/whole --weights %s/first/model.safetensors", dir, dir));
	train(0, rnf_format("--out %s/a --weights %s/first/model.safetensors train.max_steps=20", dir,
			  dir));
	test_shell("rm %s/a/checkpoints/*", dir);
	train(0, rnf_format("--out %s/a --resume auto", dir));
	check_same(dir, "a");
	test_shell("rm %s/a/checkpoints/*; sed -i 's/\"finished\"/\"stopped\"/' %s/a/run.json; "
		   "echo >>%s/first/model.safetensors", dir, dir, dir);
	train(2, rnf_format("--out %s/a --resume auto", dir));
	has("which have changed since");
}
END_TEST

START_TEST(extensions_add_up)
{
	const char *dir = test_folder("extensions");
	train(0, rnf_format("--out %s/whole train.epochs=6", dir));
	train(0, rnf_format("--out %s/a", dir));
	train(0, rnf_format("--out %s/a --resume auto --extend 1", dir));
	has("schedule 5 epochs, not 4");
	train(0, rnf_format("--out %s/a --resume auto --extend 1", dir));
	has("schedule 6 epochs, not 5");
	check_same(dir, "a");
	train(2, rnf_format("--out %s/a --resume auto --extend 999999", dir));
	has("--extend is 999999, the run has 6 epochs");
	train(2, rnf_format("--out %s/a --resume %s/a/checkpoints/last.safetensors", dir, dir));
	has("is at step 102 of 6 epochs, the conf ends at step 68");
}
END_TEST

/* -- back -- */

/* A run of 60 steps goes back to step 14 and is stopped at step 25: no resume may find a
 * checkpoint of the abandoned steps beyond. */
START_TEST(a_run_that_goes_back)
{
	const char *dir = test_folder("back");
	train(0, rnf_format("--out %s/whole", dir));
	train(0, rnf_format("--out %s/a train.max_steps=60 train.callbacks.checkpoint.keep=0", dir));
	train(0, rnf_format("--resume %s/a/checkpoints/synthetic_step14.safetensors "
			  "train.max_steps=25", dir));
	ck_assert_msg(said("the run goes back: ") && said("moved to ") && said("abandoned-14"), "%s",
		      out);
	test_shell("cd %s/a/checkpoints && test -e synthetic_step21.safetensors && "
		   "test -e abandoned-14/synthetic_step56.safetensors && "
		   "test ! -e synthetic_step56.safetensors", dir);
	run(0, rnf_format("verify %s/a --steps 9", dir));
	train(0, rnf_format("--out %s/a --resume auto", dir));
	has("25 of 68 steps are made");
	check_same(dir, "a");
	run(0, rnf_format("verify %s/a --steps 60", dir));
}
END_TEST

/* The abandoned steps can continue in a folder of their own. */
START_TEST(steps_that_were_left)
{
	const char *dir = test_folder("left");
	const char *left = rnf_format("%s/a/checkpoints/abandoned-14/last.safetensors", dir);
	train(0, rnf_format("--out %s/whole", dir));
	train(0, rnf_format("--out %s/a train.max_steps=30 train.callbacks.checkpoint.keep=0", dir));
	train(0, rnf_format("--resume %s/a/checkpoints/synthetic_step14.safetensors "
			  "train.max_steps=20", dir));
	train(2, rnf_format("--resume %s", left));
	has("is not in a run folder");
	train(2, rnf_format("--resume %s --out %s/a", left, dir));
	has("went back behind this step: to continue from it, choose a new folder");
	train(0, rnf_format("--resume %s --out %s/b", left, dir));
	ck_assert_msg(test_command(out, sizeof out, "cmp %s/whole/model.safetensors "
				   "%s/b/model.safetensors", dir, dir) == 0, "%s", out);
}
END_TEST

/* Killed instead of the n-th call that renames or removes something: the next resume is
 * right, whether or not the run had gone back by then. */
START_TEST(a_run_that_is_killed_while_it_goes_back)
{
	if (TEST_ASAN || TEST_TSAN) return; /* no other library may be loaded before theirs */
	const char *dir = test_folder("back_killed");
	int status = -1;
	train(0, rnf_format("--out %s/whole", dir));
	train(0, rnf_format("--out %s/long train.max_steps=60 train.callbacks.checkpoint.keep=0", dir));
	for (int n = 1; status != 0 && n < 100; n++) {
		test_shell("cd %s && rm -rf a && cp -r long a", dir);
		status = test_command(out, sizeof out, "LD_PRELOAD=%s/tests/fault.so "
			"RNF_FAULT=rename:%d:kill RNF_FAULT_UNDER=%s/a %s/rnframe " RUN "--resume "
			"%s/a/checkpoints/synthetic_step14.safetensors train.max_steps=18 2>&1",
			test_build(), n, dir, test_build(), dir);
		train(0, rnf_format("--out %s/a --resume auto", dir));
		check_same(dir, "a");
		run(0, rnf_format("verify %s/a --steps 60", dir));
	}
	ck_assert_int_eq(status, 0);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ the_run_that_started_last, 0 },
		{ the_last_folder_of_checkpoints_in_the_path, 0 },
		{ a_refused_resume_leaves_nothing, 0 },
		{ a_run_without_a_checkpoint_starts_from_its_weights, 0 },
		{ extensions_add_up, 0 },
		{ a_run_that_goes_back, 0 },
		{ steps_that_were_left, 0 },
		{ a_run_that_is_killed_while_it_goes_back, 0 },
		{ NULL, 0 },
	};
	return test_run_cases("cli/back", cases);
}
