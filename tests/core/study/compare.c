/* Fifty tables against scipy and statsmodels (tests/golden, study.py): ties, one seed, no
 * scatter, equal predictions, runs that failed. */
#include "study/compare.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "lib/plugin.h"
#include "lib/program.h"

enum { TABLES = 50 };

static const char *write_predictions(const char *name, const char *right)
{
	const char *dir = rnf_format("%s", test_folder(name));
	FILE *out = fopen(rnf_format("%s/predictions.csv", dir), "w");
	ck_assert_ptr_nonnull(out);
	fputs("index,true,predicted,p_true,p_predicted\r\n", out);
	for (size_t i = 0; right[i]; i++)
		fprintf(out, "%zu,\"a\",\"%s\",0.5,0.5\r\n", i, right[i] == '1' ? "a" : "b");
	fclose(out);
	return dir;
}

static struct rnf_outcome outcome(const char *name, const json_t *run)
{
	const char *right = json_string_value(json_array_get(run, 1));
	struct rnf_outcome o = { .state = RNF_RUN_FAILED, .exit_status = 4, .error = NAN,
				 .cross_entropy = NAN,
				 .seed = json_integer_value(json_array_get(run, 0)) };
	if (!right && o.seed % 2) o.state = RNF_RUN_FINISHED; /* with numbers that are none */
	if (!right) return o;
	int64_t wrong = 0, n = (int64_t)strlen(right);
	for (const char *c = right; *c; c++)
		wrong += *c == '0';
	const struct rnf_interval i = rnf_wilson((double)wrong / (double)n, n);
	o.state = RNF_RUN_FINISHED;
	o.error = 100 * (double)wrong / (double)n;
	o.low = 100 * i.low;
	o.high = 100 * i.high;
	o.cross_entropy = 1;
	o.images = n;
	o.dir = write_predictions(name, right);
	return o;
}

static struct rnf_table table_of(const json_t *golden)
{
	const json_t *arms = json_object_get(golden, "arms");
	struct rnf_table t = { .title = "t", .n = json_array_size(arms) };
	t.rows = rnf_alloc(t.n * sizeof *t.rows);
	for (size_t i = 0; i < t.n; i++) {
		const json_t *runs = json_object_get(json_array_get(arms, i), "runs");
		struct rnf_row *row = &t.rows[i];
		row->name = rnf_format("arm%zu", i);
		row->n_runs = json_array_size(runs);
		row->runs = rnf_alloc(row->n_runs * sizeof *row->runs);
		for (size_t k = 0; k < row->n_runs; k++)
			row->runs[k] = outcome(rnf_format("compare_%zu_%zu", i, k),
					       json_array_get(runs, k));
	}
	rnf_table_fill(&t, (int)json_integer_value(json_object_get(golden, "baseline")));
	return t;
}

/* null is a figure that is not defined. */
static void same(const char *what, size_t row, double got, const json_t *expected)
{
	if (!json_is_number(expected)) ck_assert_msg(isnan(got), "%s of %zu is %g", what, row, got);
	else ck_assert_msg(fabs(got - json_number_value(expected)) <= 1e-9, "%s of %zu is %.12g, "
			   "expected %.12g", what, row, got, json_number_value(expected));
}

static void same_comparison(const struct rnf_row *row, size_t i, const json_t *expected)
{
	static const char *const words[] = { NULL, "mcnemar", "welch", "" };
	const struct rnf_comparison *c = &row->against;
	if (!json_is_object(expected)) {
		ck_assert_int_eq(c->method, RNF_METHOD_NONE);
		return;
	}
	const char *method = json_string_value(json_object_get(expected, "method"));
	ck_assert_str_eq(words[c->method], method ? method : "");
	same("difference", i, c->difference, json_object_get(expected, "difference"));
	same("p", i, c->p, json_object_get(expected, "p"));
	same("holm", i, c->holm, json_object_get(expected, "holm"));
	if (c->method != RNF_METHOD_MCNEMAR) return; /* the bootstrap's: tests of stats.c */
	same("low", i, c->interval.low, json_object_get(expected, "low"));
	same("high", i, c->interval.high, json_object_get(expected, "high"));
}

static void same_row(const struct rnf_row *row, size_t i, const json_t *expected)
{
	ck_assert_uint_eq(row->n, (size_t)json_integer_value(json_object_get(expected, "n")));
	ck_assert_uint_eq(row->n_failed,
			  (size_t)json_integer_value(json_object_get(expected, "failed")));
	same("error", i, row->mean, json_object_get(expected, "error"));
	same("sd", i, row->deviation, json_object_get(expected, "sd"));
	if (row->n == 1) same("low", i, row->interval.low, json_object_get(expected, "low"));
	if (row->n == 1) same("high", i, row->interval.high, json_object_get(expected, "high"));
	same_comparison(row, i, json_object_get(expected, "against"));
}

START_TEST(tables_are_those_of_scipy)
{
	json_t *all = json_load_file("tests/golden/study.json", 0, NULL);
	const json_t *tables = json_object_get(all, "tables");
	ck_assert_uint_eq(json_array_size(tables), TABLES);
	const json_t *golden = json_array_get(tables, (size_t)_i);
	const struct rnf_table t = table_of(golden);
	for (size_t i = 0; i < t.n; i++)
		same_row(&t.rows[i], i, json_array_get(json_object_get(golden, "arms"), i));
	ck_assert_uint_eq(t.n_comparisons,
			  (size_t)json_integer_value(json_object_get(golden, "comparisons")));
	json_decref(all);
}
END_TEST

/* -- no test can be made -- */

static struct rnf_table two_runs(const char *right)
{
	json_t *golden = json_pack("{s:i, s:[{s:[[i, s]]}, {s:[[i, s]]}]}", "baseline", 0, "arms",
				   "runs", 1, "1101", "runs", 1, right);
	const struct rnf_table t = table_of(golden);
	json_decref(golden);
	return t;
}

START_TEST(why_there_is_no_test)
{
	struct rnf_table t = two_runs("1110");
	ck_assert_double_eq(t.rows[1].against.p, 1);
	t = two_runs("11101");
	ck_assert_int_eq(t.rows[1].against.method, RNF_METHOD_UNKNOWN);
	ck_assert_str_eq(t.rows[1].against.why, "no test: other test images");
	t = two_runs("1110");
	test_shell("rm %s/predictions.csv", t.rows[1].runs[0].dir);
	rnf_table_fill(&t, 0);
	ck_assert_str_eq(t.rows[1].against.why, "no test: predictions were not kept");
	ck_assert(isnan(t.rows[1].against.p));
	ck_assert_double_eq(t.rows[1].against.difference, 0);
	test_shell("echo x >%s/predictions.csv", t.rows[1].runs[0].dir);
	rnf_table_fill(&t, 0);
	ck_assert_ptr_nonnull(strstr(t.rows[1].against.why, "predictions.csv:1: "));
	t.rows[1].runs[0].seed = 2;
	rnf_table_fill(&t, 0);
	ck_assert_str_eq(t.rows[1].against.why, "no test: one seed each, and not the same");
}
END_TEST

/* A finished run whose error or loss is no number is no run that counts. */
START_TEST(numbers_that_went_wrong)
{
	struct rnf_table t = two_runs("1110");
	t.rows[1].runs[0].cross_entropy = NAN;
	rnf_table_fill(&t, 0);
	ck_assert_uint_eq(t.rows[1].n, 0);
	ck_assert_uint_eq(t.rows[1].n_failed, 1);
	ck_assert(isnan(t.rows[1].mean));
	ck_assert_int_eq(t.rows[1].against.method, RNF_METHOD_NONE);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ tables_are_those_of_scipy, TABLES }, { why_there_is_no_test, 0 },
		{ numbers_that_went_wrong, 0 }, { NULL, 0 },
	};
	return test_run_cases("study/compare", cases);
}
