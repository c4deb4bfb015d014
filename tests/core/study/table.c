/* The text of a table. */
#include "study/table.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "lib/plugin.h"

static struct rnf_outcome finished(int64_t seed, double error)
{
	return (struct rnf_outcome){ .dir = "d/a/s1-0", .state = RNF_RUN_FINISHED, .seed = seed,
		.error = error, .low = error - 1, .high = error + 1, .cross_entropy = 1,
		.epoch = 4, .seconds = 8, .images_per_s = 1000, .peak_bytes = 5e6, .cpu = "a cpu",
		.kernels = "plain", .threads = 2, .parameters = 1234567 };
}

static void add(struct rnf_row *row, const struct rnf_outcome outcome)
{
	*(struct rnf_outcome *)rnf_push((void **)&row->runs, &row->n_runs, sizeof outcome) =
		outcome;
}

/* A base, a row that differs, one that does not, one of failures, one of nothing. */
static struct rnf_table table(void)
{
	static const double base[] = { 7.0, 7.1, 7.2 }, far[] = { 9.0, 9.1, 9.3 },
			    near[] = { 7.1, 7.0, 7.3 };
	struct rnf_table t = { .title = "t", .dir = "d", .n = 5 };
	t.rows = rnf_alloc(t.n * sizeof *t.rows);
	const char *const names[] = { "base", "f|ar", "near", "wild", "none" };
	for (size_t i = 0; i < t.n; i++)
		t.rows[i] = (struct rnf_row){ .name = names[i], .published = i ? NAN : 8.75,
					      .macs = 41500000 };
	for (int k = 0; k < 3; k++) {
		add(&t.rows[0], finished(k, base[k]));
		add(&t.rows[1], finished(k, far[k]));
		add(&t.rows[2], finished(k, near[k]));
	}
	add(&t.rows[3], (struct rnf_outcome){ .dir = "x", .state = RNF_RUN_FAILED, .error = NAN });
	rnf_table_fill(&t, 0);
	return t;
}

static char *text_of(const struct rnf_table *t, void (*write)(const struct rnf_table *, FILE *))
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);
	write(t, out);
	fclose(out);
	return text;
}

static void has(const char *text, const char *words)
{
	ck_assert_msg(strstr(text, words) != NULL, "no %s in %s", words, text);
}

START_TEST(markdown)
{
	const struct rnf_table t = table();
	char *text = text_of(&t, rnf_table_markdown);
	has(text, "| arm | n | test error, % | beside base | published | parameters | M MAC | "
		  "s/epoch | images/s | peak MB |\n");
	has(text, "| base | 3 | 7.10 ± 0.10 | - | 8.75 | 1,234,567 | 41.5 | 2.00 | 1000 | 5 |\n");
	has(text, "| f\\|ar | 3 | 9.13 ± 0.15 | +2.03 [+1.");
	has(text, "] (p = 0.000"); /* a difference */
	has(text, "not significant (p = 0.77, n = 3 + 3) |");
	has(text, "| wild | 0 (1 failed) | - | - | - | - | 41.5 | - | - | - |\n");
	has(text, "| none | 0 | not measured yet | - |");
	has(text, "corrected for 2 comparisons (Holm)");
	has(text, "\n9 runs, 0.02 h of training: a cpu, 2 threads, plain.\n");
	free(text);
}
END_TEST

START_TEST(one_seed_has_an_interval_and_no_deviation)
{
	struct rnf_table t = table();
	t.rows[1].n_runs = 1;
	rnf_table_fill(&t, -1);
	char *text = text_of(&t, rnf_table_markdown);
	has(text, "| f\\|ar | 1 | 9.00 [8.00, 10.00] | +2.00; no test: predictions were not kept |");
	has(text, "beside the row before");
	free(text);
}
END_TEST

START_TEST(as_csv)
{
	const struct rnf_table t = table();
	char *text = text_of(&t, rnf_table_csv);
	has(text, "arm,n,failed,error,error_sd,error_low,error_high,baseline,difference,");
	has(text, "\r\n\"f|ar\",3,0,9.1333");
	has(text, "\r\n\"wild\",0,1,,,,,\"base\",,,,,,,,,41500000,,,\r\n");
	has(text, "\r\n\"base\",3,0,7.1,");
	free(text);
}
END_TEST

/* Of the longest number. */
static int digits_of(const char *text)
{
	int most = 0;
	for (int n = 0; *text; text++) {
		if (!strchr("0123456789.", *text)) n = 0;
		else if (*text != '.' && (n > 0 || *text != '0')) n++;
		if (n > most) most = n;
	}
	return most;
}

START_TEST(as_json)
{
	const struct rnf_table t = table();
	char *text = text_of(&t, rnf_table_json);
	json_t *json = json_loads(text, 0, NULL), *arms = json_object_get(json, "arms");
	ck_assert_uint_eq(json_array_size(arms), 5);
	const json_t *far = json_object_get(json_array_get(arms, 1), "against");
	ck_assert_str_eq(json_string_value(json_object_get(far, "method")), "welch");
	ck_assert(json_real_value(json_object_get(far, "p_holm")) >
		  json_real_value(json_object_get(far, "p")));
	const json_t *run = json_array_get(json_object_get(json_array_get(arms, 0), "runs"), 0);
	ck_assert_str_eq(json_string_value(json_object_get(run, "folder")), "a/s1-0");
	ck_assert(json_is_null(json_object_get(json_array_get(arms, 4), "error")));
	ck_assert_int_eq(digits_of(text), 15); /* a double has no more for certain */
	json_decref(json);
	free(text);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		markdown, one_seed_has_an_interval_and_no_deviation, as_csv, as_json, NULL,
	};
	return test_run("study/table", tests);
}
