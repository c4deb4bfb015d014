/* The verbs that read runs: runs, compare, diff. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/said.h"
#include "lib/sanitizer.h"

/* Three runs: relu and mish with seed 1, mish with seed 2; one folder of something else. */
static const char *three_runs(const char *name)
{
	static const char *const runs[] = {
		"a model.act=relu seed=1 name=relu", "deep/b model.act=mish seed=1 name=mish",
		"deep/c model.act=mish seed=2 name=mish" };
	const char *dir = rnf_format("%s", test_folder(name));
	for (int i = 0; i < TEST_ROWS(runs); i++)
		run(0, rnf_format("train synthetic.cfg train.pictures=false "
			"train.callbacks.training_monitor.plot=false --out %s/%s", dir, runs[i]));
	test_shell("mkdir %s/other %s/.hidden && cp %s/a/run.json %s/.hidden && ln -s a %s/link", dir,
		   dir, dir, dir, dir);
	return dir;
}

static void runs(int status, const char *dir, const char *more)
{
	run(status, rnf_format("runs %s %s", dir, more));
}

/* Of what was printed, without the head. */
static int lines(void)
{
	int n = -1;
	for (const char *c = out; *c; c++) n += *c == '\n';
	return n;
}

START_TEST(a_line_for_each_run)
{
	const char *dir = three_runs("runs");
	runs(0, dir, "");
	ck_assert_int_eq(lines(), 3);
	ck_assert(strstr(out, "name ") == out && said("  folder\n"));
	ck_assert(said("/a\n") && said("/deep/b\n") && said("/deep/c\n") && said(" finished "));
	ck_assert(said(" 2/2 ") && said(" MB "));
	test_shell("cd %s/deep/b && mkdir later && cp run.json conf.cfg later", dir);
	runs(0, dir, ""); /* and one inside of another */
	ck_assert(lines() == 4 && said("/deep/b\n") && said("/deep/b/later\n"));
	runs(0, rnf_format("%s/deep/b", dir), ""); /* a run itself */
	ck_assert_int_eq(lines(), 1);
	runs(0, rnf_format("%s/other", dir), "");
	ck_assert_int_eq(lines(), 0);
	runs(2, rnf_format("%s/none", dir), "");
	has("none: No such file or directory");
	runs(2, rnf_format("%s/a/run.json", dir), "");
	has("run.json is not a folder");
}
END_TEST

START_TEST(conditions_and_order)
{
	const char *dir = three_runs("runs_where");
	runs(0, dir, "--where model.act=mish");
	ck_assert_int_eq(lines(), 2);
	runs(0, dir, "--where model.act=mish --where 'seed>1'");
	ck_assert(lines() == 1 && said("/deep/c\n"));
	runs(0, dir, "--where train.optimizer=sgd --where model.act=mish");
	ck_assert_int_eq(lines(), 2);
	runs(0, dir, "--where 'train.optimizer.lr>0.1'");
	ck_assert_int_eq(lines(), 0);
	runs(0, dir, "--where 'train.optimizer.lr>=0.1' --where state=finished --where 'error<101'");
	ck_assert_int_eq(lines(), 3);
	runs(0, dir, "--sort -folder");
	ck_assert(strstr(out, "/deep/c\n") < strstr(out, "/deep/b\n"));
	test_shell("head -c 3000000 /dev/zero >%s/deep/b/checkpoints/more", dir);
	runs(0, dir, "--sort size");
	ck_assert(strstr(out, "/a\n") < strstr(out, "/deep/b\n") && said(" 3.3 MB  "));
	runs(2, dir, "--where 'train.optimizer.lrr>0.1'");
	has("--where: no run has a column or a key \"train.optimizer.lrr\"");
	runs(2, dir, "--where lr");
	has("--where lr: must be KEY, one of ");
	runs(2, dir, "--sort best");
	has("--sort is \"best\", must be one of name, state, epoch, error, started, size");
}
END_TEST

START_TEST(as_json)
{
	const char *dir = three_runs("runs_json");
	test_shell("rm %s/deep/c/lock 2>/dev/null; sed -i 's/\"finished\"/\"running\"/' "
		   "%s/deep/c/run.json", dir, dir);
	runs(0, dir, "--json --where name=mish");
	json_t *all = json_loads(out, 0, NULL);
	ck_assert_uint_eq(json_array_size(all), 2);
	const json_t *b = json_array_get(all, 0), *c = json_array_get(all, 1);
	ck_assert_str_eq(json_string_value(json_object_get(b, "state")), "finished");
	ck_assert_str_eq(json_string_value(json_object_get(c, "state")), "interrupted");
	ck_assert(json_is_number(json_object_get(b, "error")));
	ck_assert_int_eq(json_integer_value(json_object_get(c, "seed")), 2);
	ck_assert_int_gt(json_integer_value(json_object_get(c, "bytes")), 10000);
	json_decref(all);
	runs(2, dir, "--json=x");
	has("--json takes no value");
}
END_TEST

/* Processor time: independent of the load of the machine. */
START_TEST(a_thousand_folders_in_a_second)
{
	if (TEST_ASAN || TEST_TSAN) return;
	const char *dir = three_runs("runs_many");
	struct rusage before, after;
	test_shell("mkdir %s/many && cd %s && for i in $(seq 1000); do echo many/$i; done | "
		   "xargs -n 100 mkdir && for i in $(seq 1000); do cp a/run.json a/conf.cfg "
		   "a/epochs.csv many/$i; done", dir, dir);
	getrusage(RUSAGE_CHILDREN, &before);
	runs(0, rnf_format("%s/many", dir), "--where 'train.optimizer.lr>=0.1' --sort started");
	getrusage(RUSAGE_CHILDREN, &after);
	ck_assert_int_eq(lines(), 1000);
	const double s = (double)(after.ru_utime.tv_sec - before.ru_utime.tv_sec) +
			 (double)(after.ru_stime.tv_sec - before.ru_stime.tv_sec) +
			 1e-6 * (double)(after.ru_utime.tv_usec - before.ru_utime.tv_usec) +
			 1e-6 * (double)(after.ru_stime.tv_usec - before.ru_stime.tv_usec);
	ck_assert_msg(s < 1, "%.3f s", s);
}
END_TEST

/* -- compare -- */

START_TEST(runs_beside_each_other)
{
	const char *dir = three_runs("compare");
	run(0, rnf_format("compare %s/a %s/deep", dir, dir));
	has("| runs | n | test error, % | beside relu |");
	ck_assert(said("\n| mish | 2 | ") && said("n = 1 + 1, seed 1"));
	ck_assert(said("\n| key | relu | mish |\n") && said("\n| model.act | \"relu\" | \"mish\" |\n"));
	ck_assert(!said("| seed |") && !said("| name |"));
	run(0, rnf_format("compare %s/deep", dir));
	has("\nNo key differs.\n");
	test_shell("cp -r %s/deep/c %s/copy", dir, dir); /* counts once */
	run(0, rnf_format("compare %s/deep %s/copy", dir, dir));
	ck_assert(said("| mish | 2 | ") && said("have the same conf and seed: one of them counts"));
	run(2, rnf_format("compare %s/a %s/other", dir, dir));
	has("other holds no run: there is no run.json");
	run(2, "compare");
	has("compare needs run folders");
}
END_TEST

START_TEST(a_conf_that_cannot_be_used_is_a_row)
{
	const char *dir = three_runs("compare_bad");
	test_shell("sed -i 's/act = \"mish\"/act = \"mishh\"/' %s/deep/c/conf.cfg", dir);
	run(0, rnf_format("compare %s/a %s/deep", dir, dir));
	ck_assert(said("\n| mish (") && said("/deep/c) | 1 | "));
	has("\"mishh\" |\n");
	test_shell("echo {} >%s/deep/b/run.json", dir);
	run(0, rnf_format("compare %s/a %s/deep", dir, dir));
	has(rnf_format("\n| %s/deep/b | 0 | ", dir)); /* without a name: its folder */
}
END_TEST

/* -- diff -- */

START_TEST(keys_that_differ)
{
	const char *dir = three_runs("diff");
	run(0, "diff ablation/4_cosine.cfg ablation/5_smoothing.cfg");
	ck_assert_msg(said("\n2 keys differ\n") && said("train.loss.label_smoothing ") &&
		      said(" 0 (default)\n") && said("0.1 (") &&
		      said("/conf/ablation/5_smoothing.cfg:6)"), "%s", out);
	run(0, rnf_format("diff %s/deep/b %s/deep/c", dir, dir));
	ck_assert_msg(said("seed ") && said(" 1 (") && said("/deep/c/conf.cfg:2)\n1 key differs\n"), "%s",
		      out);
	run(0, "diff synthetic.cfg synthetic.cfg");
	ck_assert_str_eq(out, "no key differs\n");
	test_shell("sed -i 's/lr = 0.1;/lr = 0.1000001;/' %s/deep/c/conf.cfg", dir);
	run(0, rnf_format("diff %s/deep/b %s/deep/c", dir, dir));
	ck_assert_msg(said(" 0.1 (") && said(" 0.1000001 ("), "%s", out);
	run(2, "diff synthetic.cfg");
	has("diff needs two confs or run folders");
	run(2, "diff synthetic.cfg none.cfg");
	has("there is no conf none.cfg");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		a_line_for_each_run, conditions_and_order, as_json, a_thousand_folders_in_a_second,
		runs_beside_each_other, a_conf_that_cannot_be_used_is_a_row, keys_that_differ, NULL,
	};
	return test_run("cli/runs", tests);
}
