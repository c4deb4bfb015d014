/* The program as a user meets it: runs, the same bits, clear refusals. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/plugin.h"
#include "lib/program.h"

static void train(const char *dir, const char *name, const char *more)
{
	char out[8192];
	ck_assert_msg(test_program(out, sizeof out, "train --conf synthetic.cfg "
		"train.callbacks.training_monitor.plot=false --out %s/%s %s", dir,
		name, more) == 0, "%s", out);
}

static int same_files(const char *dir, const char *a, const char *b)
{
	char command[2048];
	snprintf(command, sizeof command,
		 "cmp %s/%s/model.safetensors %s/%s/model.safetensors", dir, a, dir, b);
	return system(command) == 0;
}

START_TEST(same_bits_for_any_number_of_threads)
{
	const char *dir = test_folder("bits");
	train(dir, "one", "threads=1 train.batch_size=10");
	train(dir, "again", "threads=1 train.batch_size=10");
	train(dir, "two", "threads=2 train.batch_size=10");
	train(dir, "three", "threads=3 train.batch_size=10");
	train(dir, "other", "threads=1 train.batch_size=10 seed=7");
	ck_assert(same_files(dir, "one", "again"));
	ck_assert(same_files(dir, "one", "two"));
	ck_assert(same_files(dir, "one", "three"));
	ck_assert(!same_files(dir, "one", "other"));
}
END_TEST

START_TEST(a_run_folder_is_complete_and_its_conf_runs)
{
	static const char *const files[] = { "run.json", "conf.cfg", "steps.jsonl",
		"epochs.csv", "history.json", "model.safetensors", NULL };
	char out[8192], path[1024];
	const char *dir = test_folder("folder");
	train(dir, "a", "train.optimizer.lr=0.03");
	for (int i = 0; files[i]; i++) {
		snprintf(path, sizeof path, "%s/a/%s", dir, files[i]);
		ck_assert_msg(access(path, R_OK) == 0, "%s is missing", path);
	}
	ck_assert_int_eq(test_program(out, sizeof out,
		"train --conf %s/a/conf.cfg --out %s/b", dir, dir), 0);
	ck_assert(same_files(dir, "a", "b"));
	ck_assert_int_eq(test_program(out, sizeof out,
		"train --conf synthetic.cfg --out %s/a", dir), 2);
	ck_assert_ptr_nonnull(strstr(out, "holds a run already"));
}
END_TEST

static const struct mistake {
	const char *arguments, *words;
} mistakes[] = {
	{ "train --conf synthetic.cfg model.actt=relu", "act" },
	{ "train --conf synthetic.cfg model.act=mishh", "did you mean \"mish\"" },
	{ "train --conf synthetic.cfg train.batch_size=0", "1 .. " },
	{ "train --conf synthetic.cfg train.optimizer.lr=fast", "lr" },
	{ "train --conf nothing.cfg", "nothing.cfg" },
	{ "train --conf synthetic.cfg --sett a=b", "--set" },
	{ "trian --conf synthetic.cfg", "train" },
	{ "eval --conf synthetic.cfg --weights README.md", "README.md" },
	{ "eval --conf synthetic.cfg --weights "
	  "tests/golden/se_mxresnet20_published_after20.safetensors", "shape" },
	{ "eval --conf xresnet20.cfg data.type=synthetic --weights "
	  "tests/golden/se_mxresnet20_published_after20.safetensors", "unexpected" },
	{ "train --conf xresnet20.cfg data.path=/nonexistent", "rnframe fetch" },
	{ "train --conf synthetic.cfg model.layers.99.name=x", "99" },
};

START_TEST(mistakes_end_in_one_clear_line)
{
	char out[8192];
	const struct mistake *m = &mistakes[_i];
	const int status = test_program(out, sizeof out, "%s", m->arguments);
	ck_assert_msg(status == 2, "%s: status %d: %s", m->arguments, status, out);
	ck_assert_msg(strstr(out, m->words) != NULL, "%s: %s", m->arguments, out);
	ck_assert_msg(strchr(out, '\n') == out + strlen(out) - 1,
		      "more than one line: %s", out);
}
END_TEST

/* Each conf, on made-up images of its own size, two steps of eight. */
static void two_steps(const char *conf, const char *dir)
{
	char out[8192];
	const char *size = strstr(conf, "224") || strstr(conf, "synthetic")
		? "" : "data.height=32 data.width=32 data.channels=3";
	ck_assert_msg(test_program(out, sizeof out, "train --conf %s "
		"data.type=synthetic data.images=16 data.test_images=4 %s "
		"data.validation=0 "
		"train.batch_size=8 train.max_steps=2 train.epochs=10 "
		"train.callbacks.training_monitor.plot=false "
		"--out %s/%s", conf, size, dir, conf) == 0, "%s: %s", conf, out);
}

START_TEST(every_conf_trains_two_steps)
{
	const char *dir = test_folder("confs");
	DIR *confs = opendir("conf");
	int n = 0;
	for (struct dirent *d; (d = readdir(confs));)
		if (strstr(d->d_name, ".cfg")) {
			two_steps(d->d_name, dir);
			n++;
		}
	closedir(confs);
	ck_assert_int_gt(n, 25);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ same_bits_for_any_number_of_threads, 0 },
		{ a_run_folder_is_complete_and_its_conf_runs, 0 },
		{ mistakes_end_in_one_clear_line, TEST_ROWS(mistakes) },
		{ every_conf_trains_two_steps, 0 },
		{ NULL, 0 },
	};
	return test_run_cases("program", cases);
}
