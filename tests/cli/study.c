/* Studies as their users start them: each run is made once, whatever happens to its
 * process, and the table at the end is the same. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "lib/said.h"

#define ARMS "{ name = \"relu\"; }, { name = \"mish\"; set = ( \"model.act=mish\" ); " \
	"published = 80.0; }, { name = \"lr\"; set = ( \"train.optimizer.lr=0.02\" ); }"
#define QUIET "set = ( \"train.callbacks.training_monitor.plot=false\", " \
	"\"train.pictures=false\" );"

/* A folder with the study s.cfg: these arms of synthetic.cfg, seeds 1 and 2. */
static const char *study(const char *name, const char *arms, const char *more)
{
	const char *dir = rnf_format("%s", test_folder(name));
	FILE *f = fopen(rnf_format("%s/s.cfg", dir), "w");
	ck_assert_ptr_nonnull(f);
	fprintf(f, "study = {\n  seeds = [1, 2];\n  conf = \"synthetic.cfg\";\n  " QUIET
		"\n  %s\n  arms = (\n%s\n  );\n};\n", more, arms);
	fclose(f);
	return dir;
}

static void must(int status, const char *dir, const char *more)
{
	run(status, rnf_format("study %s/s.cfg --out %s/o %s", dir, dir, more));
}

static json_t *read_study(const char *dir, const char *name)
{
	json_t *json = json_load_file(rnf_format("%s/%s/study.json", dir, name), 0, NULL);
	ck_assert_msg(json != NULL, "%s/%s/study.json", dir, name);
	return json;
}

static const json_t *arm(const json_t *study, size_t i)
{
	return json_array_get(json_object_get(study, "arms"), i);
}

static double number(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);
	return json_is_number(value) ? json_number_value(value) : NAN;
}

static void count_folders(const char *dir, int folders)
{
	ck_assert_int_eq(test_command(out, sizeof out, "ls -d %s/o/*/s*-* | wc -l", dir), 0);
	ck_assert_int_eq(atoi(out), folders);
}

/* For all runs below DIR/o: folders, and how many times a run finished in them. */
static void count(const char *dir, int folders, int ends)
{
	count_folders(dir, folders);
	ck_assert_int_eq(test_command(out, sizeof out, "cat %s/o/*/s*-*/log.txt | "
				      "grep -c '^run folder '", dir), ends == 0);
	ck_assert_int_eq(atoi(out), ends);
}

/* -- all goes well -- */

START_TEST(each_run_is_made_once)
{
	const char *dir = study("study", ARMS, "");
	must(0, dir, "");
	ck_assert(said("[6/6] ") && said("| mish | 2 | "));
	count(dir, 6, 6);
	test_shell("cd %s/o && head -c 8 table.md table.csv study.json study.gp >/dev/null", dir);
	must(0, dir, "");
	ck_assert(!said("[1/6] ") && said("| mish | 2 | "));
	count(dir, 6, 6);
	must(0, dir, "--arm mish --seeds 2..3"); /* one run is new */
	count(dir, 7, 7);
	ck_assert_int_eq(access(rnf_format("%s/o/relu/s3", dir), F_OK), -1);
}
END_TEST

/* The table's error is that of the last epoch, as in run.json, and the deviation is
 * divided by n - 1. */
START_TEST(the_table_is_that_of_the_runs)
{
	const char *dir = study("study_table", ARMS, "");
	must(0, dir, "");
	json_t *json = read_study(dir, "o");
	const json_t *mish = arm(json, 1), *runs = json_object_get(mish, "runs");
	double e[2];
	for (size_t i = 0; i < 2; i++) {
		const json_t *r = json_array_get(runs, i);
		json_t *one = json_load_file(rnf_format("%s/o/%s/run.json", dir, json_string_value(
			json_object_get(r, "folder"))), 0, NULL);
		e[i] = number(json_object_get(one, "test"), "error");
		ck_assert_double_eq(number(one, "seed"), (double)i + 1);
		ck_assert_double_eq(number(r, "error"), e[i]);
		json_decref(one);
	}
	ck_assert_double_eq_tol(number(mish, "error"), (e[0] + e[1]) / 2, 1e-9);
	ck_assert_double_eq_tol(number(mish, "error_sd"), fabs(e[0] - e[1]) / sqrt(2), 1e-9);
	ck_assert_double_eq(number(mish, "published"), 80);
	ck_assert_double_gt(number(mish, "macs"), 1000);
	ck_assert_double_eq(number(json, "comparisons"), 2);
	json_decref(json);
}
END_TEST

/* The final weights' error, where an earlier epoch was the best by validation. */
START_TEST(the_error_is_that_of_the_last_epoch)
{
	const char *dir = study("study_last", "{ name = \"a\"; }", ""), *one;
	must(0, dir, "--seeds 1 train.epochs=30");
	json_t *json = read_study(dir, "o");
	const double error = number(arm(json, 0), "error");
	one = rnf_format("%s/o/%s", dir, json_string_value(json_object_get(json_array_get(
		json_object_get(arm(json, 0), "runs"), 0), "folder")));
	json_decref(json);
	json = json_load_file(rnf_format("%s/run.json", one), 0, NULL);
	ck_assert_double_lt(number(json_object_get(json, "best"), "epoch"), 30);
	json_decref(json);
	run(0, rnf_format("eval %s/conf.cfg --weights %s/model.safetensors", one, one));
	ck_assert_msg(said(rnf_format("error %.2f %%", error)), "%g: %s", error, out);
	run(0, rnf_format("eval %s/conf.cfg --weights %s/checkpoints/best.safetensors", one, one));
	ck_assert_msg(!said(rnf_format("error %.2f %%", error)), "%g: %s", error, out);
}
END_TEST

START_TEST(a_changed_arm_makes_new_runs)
{
	const char *dir = study("study_changed", ARMS, "");
	must(0, dir, "--arm mish");
	count(dir, 2, 2);
	must(0, dir, "--arm mish threads=1"); /* changes no bit */
	count(dir, 2, 2);
	must(0, dir, "--arm mish train.optimizer.lr=0.03");
	count(dir, 4, 4);
	ck_assert_int_eq(test_command(out, sizeof out, "ls %s/o/mish | sed 's/.*-//' | sort -u | "
				      "wc -l", dir), 0);
	ck_assert_int_eq(atoi(out), 2); /* the hash is that of the conf, not of the seed */
}
END_TEST

/* Everything except what a clock or the system determines. */
static const char untimed[] =
	"import csv, json, re, sys\n"
	"TIMED = {'epoch_s', 'images_per_s', 'peak_rss_bytes', 'time_s'}\n"
	"def strip(x):\n"
	"    if isinstance(x, dict):\n"
	"        return {k: strip(v) for k, v in x.items() if k not in TIMED}\n"
	"    return [strip(v) for v in x] if isinstance(x, list) else x\n"
	"d = sys.argv[1]\n"
	"print(json.dumps(strip(json.load(open(d + '/study.json'))), indent=1))\n"
	"for row in csv.DictReader(open(d + '/table.csv', newline=''), strict=True):\n"
	"    print({k: v for k, v in row.items() if k not in TIMED})\n"
	"for line in open(d + '/table.md'):\n"
	"    if ' h of training' in line: continue\n"
	"    print(re.sub(r'(\\| [^|]*){3}\\|$', '', line), end='')\n"
	"print(open(d + '/study.gp').read())\n";

/* The tables of two studies, and the weights of their runs. */
static void check_same(const char *dir, const char *a, const char *b)
{
	FILE *f = fopen(rnf_format("%s/untimed.py", dir), "w");
	fputs(untimed, f);
	fclose(f);
	ck_assert_msg(test_command(out, sizeof out, "cd %s && for i in %s %s; do "
		"python3 untimed.py $i >$i.text || exit 1; done 2>&1; diff %s.text %s.text", dir, a,
		b, a, b) == 0, "%s", out);
	test_shell("grep -q '\"error_sd\"' %s/%s.text", dir, a);
	ck_assert_msg(test_command(out, sizeof out, "cd %s/%s && for i in */s*-*; do cmp "
		"$i/model.safetensors ../%s/$i/model.safetensors || exit 1; done 2>&1", dir, a, b)
		== 0, "%s", out);
}

START_TEST(jobs_and_threads_change_no_bit)
{
	const char *dir = study("study_jobs", ARMS, "");
	must(0, dir, "threads=1");
	test_shell("mv %s/o %s/a", dir, dir);
	must(0, dir, "--jobs 2");
	test_shell("mv %s/o %s/b", dir, dir);
	must(0, dir, "--jobs 3 threads=2");
	check_same(dir, "a", "b");
	check_same(dir, "a", "o");
}
END_TEST

START_TEST(the_picture_is_drawn)
{
	if (!test_needs(system("command -v gnuplot >/dev/null 2>&1") == 0, "gnuplot")) return;
	const char *dir = study("study_picture", ARMS, "");
	must(0, dir, "--seeds 1");
	ck_assert_int_eq(test_command(out, sizeof out, "cat %s/o/study.svg", dir), 0);
	ck_assert(said("</svg>") && said(">mish<") && said(">published<"));
	test_shell("head -c 4 %s/o/study.png | grep -q PNG", dir);
}
END_TEST

/* -- interruptions -- */

/* Start a study, or two at once, and kill them `after` seconds, usually from when a run
 * has begun: alone, whose runs then save and end, or with their children. */
static void kill_once(const char *dir, int round, double after)
{
	const char *start = rnf_format("setsid %s/rnframe study %s/s.cfg --out %s/o "
				       "train.epochs=40 >>%s/log 2>&1 & p=\"$p $!\"; ", test_build(),
				       dir, dir, dir);
	const char *said = rnf_format("$(cat %s/o/*/s*/log.txt 2>/dev/null | wc -c)", dir);
	const char *begun = rnf_format("for i in $(seq 500); do [ %s -gt $n ] && break; sleep 0.01; "
				       "done; ", said);
	test_shell("p=; n=%s; %s %s %s sleep %.3f; for i in $p; do kill -9 %s$i 2>/dev/null; done; "
		   "wait 2>/dev/null; true", said, start, round % 2 ? start : "",
		   round % 5 ? begun : "", after, round % 3 ? "-" : "");
}

static double seconds_of(const char *dir, const char *more)
{
	const double start = rnf_now();
	must(0, dir, more);
	return rnf_now() - start;
}

START_TEST(killed_twenty_times)
{
	const char *dir = study("study_kill", ARMS, "");
	const double whole = seconds_of(dir, "train.epochs=40");
	test_shell("mv %s/o %s/undisturbed", dir, dir);
	srand(7);
	for (int i = 0; i < 20; i++)
		kill_once(dir, i, 0.035 * whole * rand() / RAND_MAX);
	must(0, dir, "train.epochs=40");
	count_folders(dir, 6);
	ck_assert_int_eq(test_command(out, sizeof out, "grep -c '^run folder' %s/o/*/s*-*/log.txt | "
				      "grep -v ':[01]$'", dir), 1);
	ck_assert_str_eq(out, ""); /* none finished twice */
	test_shell("[ $(cat %s/o/*/s*-*/log.txt | grep -c '^resume .*/checkpoints/') -ge 6 ]",
		   dir); /* it was disturbed */
	check_same(dir, "undisturbed", "o");
	ck_assert_int_eq(test_command(out, sizeof out, "cd %s/o && for i in */s*-*; do "
		"cut -d, -f1,2 $i/steps.jsonl | uniq -d; wc -l <$i/steps.jsonl; done | sort -u",
		dir), 0);
	ck_assert_str_eq(out, "160\n"); /* steps of forty epochs, each once */
	ck_assert_int_eq(test_command(out, sizeof out, "ls %s/o", dir), 0);
	ck_assert_str_eq(out, access(rnf_format("%s/o/study.png", dir), F_OK) == 0
			 ? "lr\nmish\nrelu\nstudy.gp\nstudy.json\nstudy.png\nstudy.svg\ntable.csv\n"
			   "table.md\n" : "lr\nmish\nrelu\nstudy.gp\nstudy.json\ntable.csv\ntable.md\n");
}
END_TEST

START_TEST(two_at_once_share_the_work)
{
	const char *dir = study("study_two", ARMS, "");
	ck_assert_int_eq(test_command(out, sizeof out, "for i in 1 2; do %s/rnframe study "
		"%s/s.cfg --out %s/o >%s/$i.log 2>&1 & p=\"$p $!\"; done; for i in $p; do "
		"wait $i || echo bad; done", test_build(), dir, dir, dir), 0);
	ck_assert_str_eq(out, "");
	count(dir, 6, 6);
	ck_assert_int_eq(test_command(out, sizeof out, "cat %s/1.log %s/2.log | grep -c '^\\[./6\\]'",
				      dir, dir), 0);
	ck_assert_int_eq(atoi(out), 6); /* each reported by the study that made it */
}
END_TEST

static const char *const stops[] = { "TERM", "XCPU" };

START_TEST(a_signal_stops_it_for_now)
{
	const char *dir = study(rnf_format("study_%s", stops[_i]), ARMS, "");
	ck_assert_int_eq(test_command(out, sizeof out, "%s/rnframe study %s/s.cfg --out %s/o "
		"train.epochs=200 2>&1 & p=$!; until [ -s %s/o/relu/s1-*/epochs.csv ]; do "
		"sleep 0.02; done; kill -%s $p; wait $p", test_build(), dir, dir, dir, stops[_i]),
		75);
	has(rnf_format("stopped by SIG%s: 6 of 6 runs are left", stops[_i]));
	test_shell("grep -q '\"stopped\"' %s/o/relu/s1-*/run.json", dir);
	run(0, rnf_format("study %s/s.cfg --out %s/o train.epochs=200 "
		"--seeds 1 --arm relu", dir, dir));
	count(dir, 1, 1);
	test_shell("grep -q '^resume ' %s/o/relu/s1-*/log.txt", dir);
}
END_TEST

/* Before its first run, too: said once, whatever the arms that are still to be planned. */
START_TEST(a_signal_ends_the_planning)
{
	const char *dir = rnf_format("%s", test_folder("study_planning"));
	ck_assert_int_eq(test_command(out, sizeof out, "%s/rnframe study synthetic.cfg --vary "
		"train.optimizer.lr=lin:0.1:1:999 --seeds 1..3 --out %s/o 2>&1 & p=$!; sleep 0.4; "
		"kill -TERM $p; wait $p", test_build(), dir), 75);
	ck_assert_msg(said("stopped by SIGTERM") && strchr(out, '\n') == out + strlen(out) - 1, "%s",
		      out);
	ck_assert_int_eq(access(rnf_format("%s/o", dir), F_OK), -1);
}
END_TEST

START_TEST(a_budget_ends_between_runs)
{
	const char *dir = study("study_budget", ARMS, "");
	must(75, dir, "--budget 0.001");
	ck_assert(said("the budget of 0.001 is over: ") && said(" of 6 runs are left; the same"));
	must(0, dir, "--budget 2h");
	count(dir, 6, 6);
}
END_TEST

/* -- runs that fail -- */

START_TEST(others_go_on_when_one_fails)
{
	const char *dir = study("study_fails", "{ name = \"wild\"; set = ( "
		"\"train.optimizer.lr=100\", \"train.optimizer.momentum=1\", \"model.l2=1\", "
		"\"train.epochs=9\" ); }, { name = \"relu\"; }", "baseline = \"relu\";");
	must(4, dir, "");
	ck_assert(said("wild, seed 1: failed: ") && said("2 of 4 runs failed: wild, seed 1: "));
	has("| wild | 0 (2 failed) | - |");
	ck_assert_int_eq(test_command(out, sizeof out, "grep -l '\"finished\"' %s/o/relu/*/run.json | "
				      "wc -l", dir), 0);
	ck_assert_int_eq(atoi(out), 2);
	must(4, dir, ""); /* it would fail again: it is not tried again */
	ck_assert(!said("/4]") && said("2 of 4 runs failed: wild, seed 1: "));
	ck_assert_int_eq(test_command(out, sizeof out, "cat %s/o/wild/*/log.txt | grep -c "
				      "'a new run starts'", dir), 0);
	ck_assert_int_eq(atoi(out), 2);
}
END_TEST

/* Another kind of failure may be over: it is tried once each time. */
START_TEST(a_run_that_the_storage_failed_is_tried_again)
{
	const char *dir = study("study_again", "{ name = \"relu\"; }", "");
	must(0, dir, "--seeds 1");
	test_shell("cd %s/o/relu/s1-* && rm model.safetensors && mkdir report.json.tmp && "
		   "sed -i 's/\"finished\"/\"stopped\"/' run.json", dir);
	must(3, dir, "--seeds 1");
	ck_assert(said("relu, seed 1: failed: ") && said("report.json.tmp"));
	test_shell("rmdir %s/o/relu/s1-*/report.json.tmp", dir);
	must(0, dir, "--seeds 1");
	has("| relu | 1 | ");
}
END_TEST

/* In the place of a file of the study stands what `make` makes. */
static const char *const stand_ins[] = { "ln -s \"$t\"", "mkfifo" };

START_TEST(links_and_pipes_in_a_study_folder)
{
	static const char *const files[] = { "study.json", "study.json.tmp", "table.md", "table.md.tmp",
		"study.gp", "study.svg", "relu/s1-*/run.json", "relu/s1-*/log.txt",
		"relu/s1-*/report.txt" };
	const char *dir = study("study_links", "{ name = \"relu\"; }", "");
	must(0, dir, "--seeds 1");
	test_shell("cd %s && mv o done && seq 999 >target && cp target kept", dir);
	for (int i = 0; i < TEST_ROWS(files); i++) {
		test_shell("cd %s && rm -rf o && cp -r done o && cd o && sed -i "
			   "'s/\"finished\"/\"stopped\"/' relu/*/run.json && f=$(ls %s 2>/dev/null || "
			   "echo %s) && rm -f \"$f\" && t=$(realpath ../target) && %s \"$f\"", dir, files[i],
			   files[i], stand_ins[_i]);
		const int status = test_command(out, sizeof out, "timeout 60 %s/rnframe study %s/s.cfg "
			"--out %s/o --seeds 1 2>&1", test_build(), dir, dir);
		ck_assert_msg(status == 0 || ((status == 2 || status == 3) && said("rnframe: ")),
			      "%s: %d: %s", files[i], status, out);
		test_shell("cmp %s/target %s/kept", dir, dir);
	}
}
END_TEST

/* Edited while the study works: its folders would be called after a conf that is not theirs. */
START_TEST(a_conf_that_changes_under_a_study)
{
	static const char words[] = "x, seed 2: failed: its conf has changed since this study "
				    "began";
	const char *dir = study("study_edited", "{ name = \"x\"; conf = \"arm.cfg\"; }, "
				"{ name = \"relu\"; }", "");
	test_shell("printf 'base = \"synthetic.cfg\";\nset = ( \"train.epochs=20\" );\n' "
		   ">%s/arm.cfg", dir);
	ck_assert_int_eq(test_command(out, sizeof out, "%s/rnframe study %s/s.cfg --out %s/o 2>&1 & "
		"p=$!; until [ -s %s/o/x/s1-*/epochs.csv ]; do sleep 0.02; done; sed -i s/20/2/ "
		"%s/arm.cfg; wait $p", test_build(), dir, dir, dir, dir), 2);
	ck_assert_msg(said(words) && said("[4/4] relu, seed 2: error "), "%s", out);
	count(dir, 4, 3); /* no run was made of x with seed 2 */
	must(0, dir, "");
	count(dir, 6, 5);
	test_shell("[ $(cat %s/o/x/s*/epochs.csv | wc -l) = 27 ]", dir); /* 21 and twice 3 */
}
END_TEST

/* -- nothing is made -- */

START_TEST(a_dry_run_writes_nothing)
{
	const char *dir = study("study_dry", ARMS, "");
	must(0, dir, "--dry-run");
	ck_assert(said("6 runs, 0 are there, 6 to do: about ") && said("/o/mish/s2-"));
	ck_assert_int_eq(access(rnf_format("%s/o", dir), F_OK), -1);
	must(0, dir, "--table --arm mish");
	has("| mish | 0 | not measured yet | - | 80.00 | ");
	ck_assert_int_eq(access(rnf_format("%s/o", dir), F_OK), -1);
	must(0, dir, "--arm mish --seeds 1");
	must(0, dir, "--dry-run --arm mish");
	ck_assert(said("1 are there, 1 to do") && said("left out"));
	/* with the first arm first of all */
	has("relu");
}
END_TEST

START_TEST(finished_runs_of_elsewhere_count)
{
	const char *dir = study("study_results", ARMS, "results = \"done\";");
	test_shell("mkdir %s/done", dir);
	run(0, rnf_format("train synthetic.cfg seed=2 name=other "
		"model.act=mish train.pictures=false --out %s/done/x "
		"train.callbacks.training_monitor.plot=false", dir));
	must(0, dir, "--seeds 2 --dry-run");
	has("3 runs, 1 are there, 2 to do");
	must(0, dir, "--seeds 2 --arm relu");
	count(dir, 1, 1);
	json_t *json = read_study(dir, "o");
	ck_assert_double_eq(number(arm(json, 1), "n"), 1);
	ck_assert_str_eq(json_string_value(json_object_get(json_object_get(arm(json, 1), "against"),
							   "method")), "mcnemar");
	json_decref(json);
}
END_TEST

START_TEST(arms_out_of_values)
{
	const char *dir = rnf_format("%s", test_folder("study_vary"));
	run(0, rnf_format("study synthetic.cfg --vary model.act=relu,mish "
		"--vary train.optimizer.lr=log:0.01:1:3 --seeds 1..2 --dry-run --out %s/o", dir));
	ck_assert(said("12 runs, 0 are there") && said("/o/act=mish,lr=0.1/s2-"));
	ck_assert(strstr(out, "act=relu,lr=0.01 ") < strstr(out, "act=relu,lr=0.1 "));
	run(0, rnf_format("study synthetic.cfg --vary model.act=relu,mish "
		"train.epochs=1 train.pictures=false --out %s/o", dir));
	ck_assert(said("| act=mish | 1 | ") && said("n = 1 + 1, seed 1"));
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ each_run_is_made_once, 0 }, { the_table_is_that_of_the_runs, 0 },
		{ the_error_is_that_of_the_last_epoch, 0 },
		{ a_changed_arm_makes_new_runs, 0 }, { jobs_and_threads_change_no_bit, 0 },
		{ the_picture_is_drawn, 0 }, { killed_twenty_times, 0 },
		{ links_and_pipes_in_a_study_folder, TEST_ROWS(stand_ins) },
		{ a_signal_ends_the_planning, 0 }, { two_at_once_share_the_work, 0 },
		{ a_signal_stops_it_for_now, TEST_ROWS(stops) },
		{ a_budget_ends_between_runs, 0 }, { others_go_on_when_one_fails, 0 },
		{ a_run_that_the_storage_failed_is_tried_again, 0 },
		{ a_conf_that_changes_under_a_study, 0 }, { a_dry_run_writes_nothing, 0 },
		{ finished_runs_of_elsewhere_count, 0 },
		{ arms_out_of_values, 0 }, { NULL, 0 },
	};
	return test_run_cases("cli/study", cases);
}
