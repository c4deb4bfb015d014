/* verify on good runs, whatever they went through. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/said.h"

/* 17 steps an epoch, each step with another rate. */
#define RUN "train synthetic.cfg data.images=300 train.epochs=4 " \
	"train.callbacks.training_monitor.plot=false train.callbacks.checkpoint.every_steps=7 " \
	"train.scheduler.type=cosine train.scheduler.warmup=0 "

static void train(const char *arguments)
{
	run(0, rnf_format(RUN "%s", arguments));
}

static void verify(int status, const char *arguments, const char *words)
{
	run(status, rnf_format("verify %s", arguments));
	has(words);
}

/* Each step has the rate of the length that the run had then. */
START_TEST(a_run_that_became_longer)
{
	const char *dir = test_folder("verify_longer");
	train(rnf_format("--out %s/a", dir));
	train(rnf_format("--out %s/a --resume auto --extend 1", dir));
	train(rnf_format("--resume %s/a/checkpoints/best.safetensors --out %s/a --extend 2", dir, dir));
	verify(0, rnf_format("%s/a --steps 9", dir), "equal, bit for bit");
	test_shell("rm %s/a/checkpoints/*.safetensors", dir);
	verify(0, rnf_format("%s/a --steps 100", dir), "119 steps after step 0: 119 losses");
}
END_TEST

START_TEST(a_run_that_started_from_weights)
{
	const char *dir = test_folder("verify_weights");
	train(rnf_format("--out %s/first train.max_steps=9", dir));
	ck_assert_msg(test_command(out, sizeof out, "bin=$(realpath %s/rnframe) && cd %s && $bin "
		RUN "--weights first/model.safetensors --out a train.max_steps=20 2>&1 && $bin " RUN
		"--out a --resume auto 2>&1", test_build(), dir) == 0, "%s", out);
	test_shell("rm %s/a/checkpoints/*.safetensors", dir);
	verify(0, rnf_format("%s/a --steps 68", dir), "68 steps after step 0: 68 losses");
	test_shell("cp %s/a/model.safetensors %s/first", dir, dir);
	verify(2, rnf_format("%s/a --steps 9", dir), "its steps cannot be checked: the run started "
	       "from the weights");
	has("which have changed since");
	test_shell("rm %s/first/model.safetensors", dir);
	verify(2, rnf_format("%s/a --steps 9", dir), "which cannot be read any more");
	verify(0, rnf_format("%s/a", dir), "68 steps");
}
END_TEST

/* The file is needed once; the model says nothing of it. */
START_TEST(a_run_that_fine_tunes)
{
	const char *dir = test_folder("verify_tuned");
	train(rnf_format("--out %s/first train.max_steps=9", dir));
	ck_assert_msg(test_command(out, sizeof out, "bin=$(realpath %s/rnframe) && cd %s && $bin "
		RUN "data.classes=7 train.init.weights=first/model.safetensors "
		"train.init.skip=classifier train.freeze=stem,stage1 --out a train.max_steps=20 "
		"2>&1 && mv first second && $bin " RUN "data.classes=7 train.freeze=stem,stage1 "
		"--out a --resume auto 2>&1 && mv second first", test_build(), dir) == 0, "%s", out);
	test_shell("! grep -a 'init =' %s/a/model.safetensors", dir);
	run(0, rnf_format("eval %s/a/model.safetensors", dir));
	verify(0, rnf_format("%s/a --steps 9", dir), "equal, bit for bit");
}
END_TEST

/* From its first step on, also when it begins again. */
START_TEST(a_fine_tuned_run_from_its_first_step)
{
	const char *dir = test_folder("verify_tuned_first");
	train(rnf_format("--out %s/first train.max_steps=9", dir));
	const char *tuned = rnf_format("data.classes=7 train.init.weights=%s/first/model.safetensors "
		"train.init.skip=classifier train.freeze=stem,stage1 --out %s/a", dir, dir);
	train(rnf_format("%s train.max_steps=20", tuned));
	test_shell("rm %s/a/checkpoints/*.safetensors && mv %s/a/model.safetensors %s/model", dir,
		   dir, dir);
	verify(0, rnf_format("%s/a --steps 20", dir), "20 steps after step 0: 20 losses");
	test_shell("sed -i 's/\"finished\"/\"stopped\"/' %s/a/run.json", dir);
	train(rnf_format("%s train.max_steps=20 --resume auto", tuned));
	test_shell("cmp %s/a/model.safetensors %s/model", dir, dir);
	run(2, rnf_format(RUN "%s/b train.init.skip=stem", tuned));
	has("shape: classifier/bias is 10 in the file, 7 in the model");
}
END_TEST

/* A full disk had no room for some lines, a kill truncated the last one. */
START_TEST(a_log_that_lacks_lines)
{
	const char *dir = test_folder("verify_gap");
	train(rnf_format("--out %s/a train.callbacks.checkpoint.keep=0", dir));
	test_shell("cd %s/a && sed -i '40,44d' steps.jsonl && printf '{\"step\": 69, \"ep' "
		   ">>steps.jsonl", dir);
	verify(0, rnf_format("%s/a --steps 60", dir), "68 steps, 5 of them without a line");
	has("61 steps after step 7: 56 losses and 14 of 14 checkpoints equal, "
	    "bit for bit; the log has no line of 5 steps");
	test_shell("cd %s/a && sed -i '45s/\"loss\": [0-9.]*/\"loss\": 9.5/' steps.jsonl", dir);
	verify(2, rnf_format("%s/a --steps 60", dir), "computes other bits from step 50 on");
	test_shell("cd %s/a && sed -i '50s/\"step\": 55/\"step\": 5/' steps.jsonl", dir);
	verify(2, rnf_format("%s/a", dir), "steps.jsonl:50: must be a line of a step after 54");
}
END_TEST

START_TEST(a_number_of_steps)
{
	static const char *const wrong[] = { "0", "-1", "4", "2x", "99999999999999999999" };
	const char *dir = test_folder("verify_steps");
	train(rnf_format("--out %s/a train.max_steps=3", dir));
	for (int i = 0; i < TEST_ROWS(wrong); i++)
		verify(2, rnf_format("%s/a --steps %s", dir, wrong[i]),
		       rnf_format("--steps is \"%s\", must be a number of 1 .. 3", wrong[i]));
	test_shell(": >%s/a/steps.jsonl", dir);
	verify(2, rnf_format("%s/a --steps 1", dir), "the run has made no step that --steps could");
}
END_TEST

/* What a power cut or another program left of a log, or of run.json: zeros, a gigabyte. */
START_TEST(a_log_that_is_none)
{
	static const struct { const char *make, *words; } rows[] = {
		{ "truncate -s 100 steps.jsonl; echo >>steps.jsonl",
		  "steps.jsonl:1: must be a line of a step after 0" },
		{ "truncate -s 1G steps.jsonl", "steps.jsonl:1: a line of more than 65536 bytes" },
		{ "truncate -s 1G run.json", "run.json has 1073741824 bytes, may have 67108864" },
	};
	const char *dir = test_folder("verify_none");
	train(rnf_format("--out %s/begun train.max_steps=3", dir));
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		test_shell("cd %s && rm -rf a && cp -r begun a && cd a && : >steps.jsonl && %s", dir,
			   rows[i].make);
		verify(2, rnf_format("%s/a", dir), rows[i].words);
	}
}
END_TEST

/* The first steps of such a run are in another folder. */
START_TEST(a_run_that_began_in_another_folder)
{
	const char *dir = test_folder("verify_begun");
	train(rnf_format("--out %s/a train.max_steps=20", dir));
	train(rnf_format("--resume %s/a/checkpoints/last.safetensors --out %s/b "
		       "train.callbacks.checkpoint.keep=0", dir, dir));
	verify(0, rnf_format("%s/b --steps 20", dir), "21 to 68 steps");
	verify(0, rnf_format("%s/b --steps 48", dir), "fewer than 48 steps can be checked: its log "
	       "begins at step 21 only");
	has("47 steps after step 21: 47 losses");
	test_shell("rm %s/b/checkpoints/*.safetensors", dir);
	verify(2, rnf_format("%s/b --steps 9", dir), "its steps cannot be checked");
}
END_TEST

/* Checkpoints appear and vanish while verify runs. */
START_TEST(beside_a_run_that_is_under_way)
{
	const char *dir = test_folder("verify_beside");
	char command[2048];
	int status;
	snprintf(command, sizeof command, "exec %s/rnframe " RUN "train.callbacks.checkpoint."
		 "every_steps=1 train.epochs=100000 --out %s/a >%s/out 2>&1", test_build(), dir, dir);
	const pid_t pid = fork();
	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", command, NULL);
		_exit(127);
	}
	const char *ready = rnf_format("%s/a/checkpoints/best.safetensors", dir);
	while (access(ready, F_OK) != 0 && waitpid(pid, &status, WNOHANG) == 0) usleep(1000);
	for (int i = 0; i < 25; i++)
		verify(0, rnf_format("%s/a --steps 1", dir), "equal, bit for bit");
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
}
END_TEST

START_TEST(weights_that_were_changed_by_others)
{
	const char *dir = test_folder("verify_changed");
	train(rnf_format("--out %s/a train.max_steps=3", dir));
	test_shell("cd %s/a && n=$(stat -c %%s model.safetensors) && printf xyzu | dd bs=1 "
		   "seek=$((n - 4)) conv=notrunc of=model.safetensors 2>/dev/null", dir);
	verify(2, rnf_format("%s/a", dir), "is damaged or changed: its digest is");
	has("drop the text rnframe.digest");
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ a_run_that_became_longer, 0 },
		{ a_run_that_started_from_weights, 0 },
		{ a_run_that_fine_tunes, 0 }, { a_fine_tuned_run_from_its_first_step, 0 },
		{ a_log_that_lacks_lines, 0 }, { a_number_of_steps, 0 },
		{ a_log_that_is_none, 0 },
		{ a_run_that_began_in_another_folder, 0 },
		{ beside_a_run_that_is_under_way, 0 },
		{ weights_that_were_changed_by_others, 0 },
		{ NULL, 0 },
	};
	return test_run_cases("cli/verify", cases);
}
