/* The reports of eval and train as their readers find them. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "lib/plugin.h"
#include "lib/program.h"
#include "lib/sanitizer.h"

#define SHORT "synthetic.cfg train.callbacks.training_monitor.plot=false "

static char out[8192], text[1 << 16];

static int exists(const char *dir, const char *name)
{
	return access(rnf_format("%s/%s", dir, name), F_OK) == 0;
}

static const char *read_text(const char *dir, const char *name)
{
	FILE *f = fopen(rnf_format("%s/%s", dir, name), "rb");
	ck_assert_msg(f != NULL, "%s/%s is missing", dir, name);
	text[fread(text, 1, sizeof text - 1, f)] = 0;
	fclose(f);
	return text;
}

static json_t *read_json(const char *dir, const char *name)
{
	json_t *json = json_load_file(rnf_format("%s/%s", dir, name), 0, NULL);
	ck_assert_msg(json != NULL, "%s/%s is not JSON", dir, name);
	return json;
}

static double number(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);
	ck_assert_msg(json_is_number(value), "%s is missing", key);
	return json_number_value(value);
}

static int has_gnuplot(void)
{
	return test_needs(system("command -v gnuplot >/dev/null 2>&1") == 0, "gnuplot");
}

/* A folder DIR with a trained model in DIR/run. */
static const char *trained(const char *name, const char *more)
{
	const char *dir = rnf_format("%s", test_folder(name));
	ck_assert_msg(test_program(out, sizeof out, "train " SHORT "data.classes=4 --out "
				   "%s/run %s", dir, more) == 0, "%s", out);
	return dir;
}

static int evaluate(const char *dir, const char *more)
{
	return test_program(out, sizeof out, "eval " SHORT "data.classes=4 --weights "
			    "%s/run/model.safetensors %s", dir, more);
}

/* -- what is in them -- */

static void same_scores(const json_t *report, const json_t *scores)
{
	static const char *const keys[] = { "error", "error_low", "error_high",
					    "cross_entropy" };
	const json_t *own = json_object_get(report, "rnframe");
	for (int i = 0; i < TEST_ROWS(keys); i++)
		ck_assert_double_eq_tol(number(own, keys[i]), number(scores, keys[i]), 1e-6);
	ck_assert_double_eq_tol(number(report, "accuracy"), number(scores, "accuracy"), 1e-8);
	ck_assert_double_eq_tol(number(json_object_get(own, "top_k"), "3"),
				number(scores, "top_k"), 1e-8);
	ck_assert_double_eq(number(own, "n"), number(scores, "count"));
}

START_TEST(train_leaves_a_report_of_the_test_images)
{
	const char *dir = trained("report_train", "train.pictures=false");
	json_t *report = read_json(dir, "run/report.json");
	json_t *run = read_json(dir, "run/run.json");
	same_scores(report, json_object_get(run, "test"));
	ck_assert_ptr_nonnull(strstr(read_text(dir, "run/report.txt"),
				     "\n\nsynthetic, test: 32 images\nerror "));
	ck_assert(!exists(dir, "run/confusion.png"));
	json_decref(report);
	json_decref(run);
}
END_TEST

/* Names are arbitrary text; gnuplot would end strings at quotes, and run text between
 * backquotes. */
START_TEST(pictures_of_a_run_whose_name_has_quotes)
{
	if (!has_gnuplot()) return;
	static const char *const names[] = { "'first", "''", "it's", "\"a\\b\"", "`date`" };
	for (int i = 0; i < TEST_ROWS(names); i++) {
		const char *dir = test_folder("report_quotes");
		FILE *conf = fopen(rnf_format("%s/a.cfg", dir), "w");
		ck_assert_ptr_nonnull(conf);
		fputs("base = \"synthetic.cfg\";\nname = \"", conf);
		for (const char *c = names[i]; *c; c++)
			fprintf(conf, strchr("\"\\", *c) ? "\\%c" : "%c", *c);
		fputs("\";\n", conf);
		ck_assert_int_eq(fclose(conf), 0);
		ck_assert_msg(test_program(out, sizeof out, "train %s/a.cfg train.epochs=1 --out "
					   "%s/run", dir, dir) == 0, "%s: %s", names[i], out);
		ck_assert_msg(!strstr(out, "gnuplot"), "%s: %s", names[i], out);
		ck_assert(exists(dir, "run/curves.png") && exists(dir, "run/confusion.png"));
	}
}
END_TEST

START_TEST(eval_reports_the_split_that_it_was_asked_for)
{
	const char *dir = trained("report_eval", "");
	ck_assert_msg(evaluate(dir, rnf_format("--split train --report %s/new/sub "
					       "--json %s/s.json", dir, dir)) == 0,
		      "%s", out);
	json_t *report = read_json(dir, "new/sub/report.json");
	json_t *scores = read_json(dir, "s.json");
	same_scores(report, scores);
	ck_assert_str_eq(json_string_value(json_object_get(json_object_get(
		report, "rnframe"), "split")), "train");
	ck_assert_ptr_nonnull(strstr(out, rnf_format("error %.2f %% (95 %%: ", number(scores, "error"))));
	json_decref(report);
	json_decref(scores);
}
END_TEST

/* As any CSV reader parses it: rows true, columns predicted. */
static const char sums[] =
	"import csv, json, sys\n"
	"rows = list(csv.reader(open(sys.argv[1], newline=''), strict=True))\n"
	"report = json.load(open(sys.argv[2]))\n"
	"assert rows[0] == ['true \\\\ predicted', '0', '1', '2', '3'], rows[0]\n"
	"assert [r[0] for r in rows[1:]] == ['0', '1', '2', '3']\n"
	"cells = [[int(x) for x in r[1:]] for r in rows[1:]]\n"
	"for i in range(4):\n"
	"    c, right = report[str(i)], cells[i][i]\n"
	"    column = sum(r[i] for r in cells)\n"
	"    assert sum(cells[i]) == c['support'], i\n"
	"    assert abs(c['recall'] - right / sum(cells[i])) < 1e-12, i\n"
	"    assert abs(c['precision'] - (right / column if column else 0)) < 1e-12, i\n"
	"raw = open(sys.argv[1], 'rb').read()\n"
	"assert raw.count(b'\\r\\n') == raw.count(b'\\n') == 5 and b' ,' not in raw\n";

START_TEST(the_matrix_reads_as_csv)
{
	const char *dir = trained("report_csv", "train.pictures=false");
	FILE *f = fopen(rnf_format("%s/sums.py", dir), "w");
	ck_assert_ptr_nonnull(f);
	fputs(sums, f);
	fclose(f);
	ck_assert_msg(test_command(out, sizeof out, "python3 %s/sums.py %s/run/confusion.csv "
				   "%s/run/report.json 2>&1", dir, dir, dir) == 0, "%s", out);
}
END_TEST

/* Each image once; the right ones agree with the report's counts. */
static const char answers[] =
	"import csv, json, sys\n"
	"rows = list(csv.DictReader(open(sys.argv[1], newline=''), strict=True))\n"
	"report = json.load(open(sys.argv[2]))\n"
	"n = report['rnframe']['n']\n"
	"assert len(rows) == n == len({r['index'] for r in rows}), len(rows)\n"
	"right = [r['true'] == r['predicted'] for r in rows]\n"
	"assert abs(sum(right) / n - report['accuracy']) < 1e-12\n"
	"for r, good in zip(rows, right):\n"
	"    p, q = float(r['p_true']), float(r['p_predicted'])\n"
	"    assert 0 <= p <= q <= 1 and (p == q or not good), r\n"
	"for c in '0123':\n"
	"    assert sum(r['true'] == c for r in rows) == report[c]['support'], c\n"
	"print(*sorted(int(r['index']) for r in rows))\n";

static void check_answers(const char *dir, const char *report)
{
	FILE *f = fopen(rnf_format("%s/answers.py", dir), "w");
	ck_assert_ptr_nonnull(f);
	fputs(answers, f);
	fclose(f);
	ck_assert_msg(test_command(out, sizeof out, "python3 %s/answers.py %s/%s/predictions.csv "
				   "%s/%s/report.json 2>&1", dir, dir, report, dir, report) == 0,
		      "%s", out);
}

START_TEST(predictions_are_those_of_the_report)
{
	const char *dir = trained("report_predictions", "train.pictures=false");
	check_answers(dir, "run");
	ck_assert_int_eq(strncmp(out, "0 1 2 3 4 ", 10), 0);
	ck_assert_msg(evaluate(dir, rnf_format("train.pictures=false --report %s/r", dir)) == 0,
		      "%s", out);
	test_shell("cmp %s/run/predictions.csv %s/r/predictions.csv", dir, dir);
	ck_assert_msg(evaluate(dir, rnf_format("--split validation train.pictures=false "
					       "--report %s/v", dir)) == 0, "%s", out);
	check_answers(dir, "v"); /* images of the training files, by their place in these */
	ck_assert_ptr_null(strstr(out, "0 1 2 3 4 5 6 7 "));
}
END_TEST

START_TEST(the_matrix_is_drawn)
{
	if (!has_gnuplot()) return;
	const char *dir = trained("report_picture", "");
	ck_assert(memcmp(read_text(dir, "run/confusion.png"), "\x89PNG", 4) == 0);
	read_text(dir, "run/confusion.svg");
	ck_assert_ptr_nonnull(strstr(text, ">true class</tspan>"));
	ck_assert_ptr_nonnull(strstr(text, ">predicted class</tspan>"));
	ck_assert_ptr_nonnull(strstr(text, "</svg>"));
}
END_TEST

START_TEST(a_report_replaces_the_one_before)
{
	const char *dir = trained("report_again", "train.pictures=false");
	ck_assert_msg(evaluate(dir, rnf_format("--report %s/r", dir)) == 0, "%s", out);
	test_shell("touch %s/r/confusion.png", dir);
	ck_assert_msg(evaluate(dir, rnf_format("--split validation --report %s/r "
					       "train.pictures=false", dir)) == 0, "%s", out);
	ck_assert_ptr_nonnull(strstr(read_text(dir, "r/report.txt"),
				     "synthetic, validation: "));
	ck_assert(!exists(dir, "r/confusion.png"));
	ck_assert(!exists(dir, "r/confusion.svg"));
	ck_assert(!exists(dir, "r/report.txt.tmp"));
}
END_TEST

START_TEST(without_gnuplot_there_is_one_warning)
{
	const char *dir = trained("report_no_gnuplot", "train.pictures=false");
	setenv("PATH", "/nonexistent", 1);
	ck_assert_msg(evaluate(dir, rnf_format("--report %s/r", dir)) == 0, "%s", out);
	const char *warning = strstr(out, "warning: ");
	ck_assert_msg(warning && strstr(warning, "gnuplot -d confusion.gp)"), "%s", out);
	ck_assert_ptr_null(strstr(warning + 1, "warning: "));
	ck_assert(exists(dir, "r/confusion.csv"));
	ck_assert(!exists(dir, "r/confusion.png"));
}
END_TEST

/* Ctrl-C on a terminal, or a scheduler, signals the whole process group: gnuplot, which
 * is about to draw, is not part of it. */
START_TEST(a_signal_to_the_group_leaves_gnuplot_alone)
{
	const char *dir = rnf_format("%s", test_folder("report_group"));
	if (system("command -v gnuplot >/dev/null 2>&1") != 0) return;
	test_shell("mkdir %s/bin; { echo '#!/bin/sh'; echo 'touch drawing; sleep 0.5'; echo \"exec "
		   "$(command -v gnuplot) \\\"\\$@\\\"\"; } >%s/bin/gnuplot; chmod +x %s/bin/gnuplot",
		   dir, dir, dir);
	ck_assert_int_eq(test_command(out, sizeof out, "PATH=$(realpath %s/bin):$PATH setsid "
		"%s/rnframe train synthetic.cfg --out %s/a 2>&1 & p=$!; "
		"until [ -e %s/a/drawing ]; do sleep 0.05; done; kill -USR1 -$p; wait $p", dir,
		test_build(), dir, dir), 0);
	ck_assert_msg(!strstr(out, "no plots") && !strstr(out, "warning"), "%s", out);
	ck_assert(exists(dir, "a/curves.png") && exists(dir, "a/curves.svg"));
}
END_TEST

/* gnuplot says nothing of it. */
START_TEST(half_a_picture_is_none)
{
	if (!has_gnuplot() || TEST_TSAN) return; /* its own files break the limit */
	const char *dir = trained("report_half", "train.pictures=false");
	ck_assert_msg(test_command(out, sizeof out, "ulimit -f 16; %s/rnframe eval " SHORT
				   "data.classes=4 --weights %s/run/model.safetensors "
				   "--report %s/r 2>&1", test_build(), dir, dir) == 0, "%s",
		      out);
	ck_assert_msg(strstr(out, "warning: ") && strstr(out, "not whole"), "%s", out);
	ck_assert(exists(dir, "r/report.txt"));
	ck_assert(!exists(dir, "r/confusion.png"));
	ck_assert(!exists(dir, "r/confusion.svg"));
}
END_TEST

/* -- where it cannot go -- */

START_TEST(a_report_needs_a_folder)
{
	const char *dir = trained("report_file", "train.pictures=false");
	ck_assert_int_eq(evaluate(dir, rnf_format("--report %s/run/run.json", dir)), 2);
	ck_assert_ptr_nonnull(strstr(out, "run.json, must be a folder"));
	ck_assert_int_eq(evaluate(dir, rnf_format("--report %s/run/run.json/x", dir)), 3);
	ck_assert_int_eq(test_program(out, sizeof out, "eval " SHORT "model.act=mishh "
				      "--weights a --report %s/none", dir), 2);
	ck_assert(!exists(dir, "none"));
}
END_TEST

START_TEST(a_report_that_fails_is_said_after_the_run)
{
	const char *dir = rnf_format("%s", test_folder("report_fails"));
	test_shell("mkdir -p %s/run/report.json.tmp", dir);
	ck_assert_int_eq(test_program(out, sizeof out, "train " SHORT "--out %s/run", dir), 3);
	ck_assert_ptr_nonnull(strstr(out, "test error "));
	ck_assert_ptr_nonnull(strstr(out, "rnframe: "));
	ck_assert_ptr_nonnull(strstr(out, "report.json.tmp: Is a directory"));
	ck_assert_ptr_nonnull(strstr(read_text(dir, "run/run.json"), "\"failed\""));
	ck_assert(exists(dir, "run/model.safetensors"));
	test_shell("rmdir %s/run/report.json.tmp", dir); /* once the folder is well: */
	ck_assert_int_eq(test_program(out, sizeof out, "train " SHORT "--out %s/run "
				      "--resume auto", dir), 0);
	ck_assert(exists(dir, "run/report.json"));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		train_leaves_a_report_of_the_test_images,
		pictures_of_a_run_whose_name_has_quotes,
		eval_reports_the_split_that_it_was_asked_for,
		the_matrix_reads_as_csv,
		predictions_are_those_of_the_report,
		the_matrix_is_drawn,
		a_report_replaces_the_one_before,
		without_gnuplot_there_is_one_warning,
		a_signal_to_the_group_leaves_gnuplot_alone,
		half_a_picture_is_none,
		a_report_needs_a_folder,
		a_report_that_fails_is_said_after_the_run,
		NULL,
	};
	return test_run("report", tests);
}
