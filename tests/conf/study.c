/* The studies that come with the program: each plans, its published figures are those in
 * its confs, and README's table of results is what the program prints. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "lib/built.h"
#include "lib/program.h"
#include "study/study.h"
#include "train/setup.h"

static char out[1 << 16], readme[1 << 18];

static const struct {
	const char *conf;
	size_t arms;
	int baseline, all_published;
} studies[] = {
	{ "study/quick.cfg", 3, 0, 0 }, { "study/ladder.cfg", 8, RNF_BASELINE_PREVIOUS, 1 },
	{ "study/cardinality.cfg", 4, 0, 0 }, { "study/published.cfg", 14, 0, 1 },
};

static struct rnf_study read_study(const char *conf)
{
	struct rnf_study s;
	rnf_conf_dir = "conf";
	ck_assert_msg(rnf_study_read(&s, &(struct rnf_study_wish){ .conf = conf }) == RNF_OK, "%s",
		      rnf_fail_words());
	return s;
}

/* "# XResNet20 ... (published: 8.18 % error).", or NAN. */
static double published_by(const char *conf)
{
	char line[256] = "";
	double error = NAN;
	FILE *f = fopen(conf, "r");
	ck_assert_ptr_nonnull(f);
	ck_assert_ptr_nonnull(fgets(line, sizeof line, f));
	fclose(f);
	const char *words = strstr(line, "(published: ");
	if (words) ck_assert_int_eq(sscanf(words, "(published: %lf", &error), 1);
	return error;
}

START_TEST(published_figures_are_those_of_the_confs)
{
	const struct rnf_study s = read_study(studies[_i].conf);
	ck_assert_uint_eq(s.n_arms, studies[_i].arms);
	ck_assert_uint_eq(s.n_seeds, 3);
	ck_assert_int_eq(s.baseline, studies[_i].baseline);
	for (size_t i = 0; i < s.n_arms; i++) {
		const double told = s.arms[i].published, known = published_by(s.arms[i].conf);
		ck_assert_msg((isnan(told) && isnan(known)) || told == known, "%s: %g, %g",
			      s.arms[i].name, told, known);
		if (studies[_i].all_published) ck_assert(!isnan(told));
	}
}
END_TEST

/* Models and all; data need not be installed. */
START_TEST(each_plans)
{
	const char *dir = rnf_format("%s", test_folder("study_plans"));
	ck_assert_msg(test_program(out, sizeof out, "study %s --table --out %s/o", studies[_i].conf,
				   dir) == 0, "%s", out);
	int rows = 0;
	for (const char *p = out; (p = strstr(p, "\n| ")); p++) rows++;
	ck_assert_uint_eq((size_t)rows, studies[_i].arms);
}
END_TEST

/* No paths of a machine, and only files that belong to a run. */
START_TEST(results_are_small_and_clean)
{
	ck_assert_int_eq(test_command(out, sizeof out, "grep -rlE '\"?(/home|/root|/work|/tmp)/' "
				      "conf/study/results"), 1);
	ck_assert_str_eq(out, "");
	ck_assert_int_eq(test_command(out, sizeof out, "cd conf/study/results && for i in *; do "
		"ls $i | grep -vx -e run.json -e epochs.csv -e report.json -e conf.cfg "
		"-e curves.svg; grep -q '\"finished\"' $i/run.json || echo $i; done"), 0);
	ck_assert_str_eq(out, "");
}
END_TEST

/* After a run was added: build/rnframe study study/published.cfg --table */
START_TEST(readme_has_the_table_of_results)
{
	const char *dir = rnf_format("%s", test_folder("study_readme"));
	FILE *f = fopen("README.md", "r");
	ck_assert_ptr_nonnull(f);
	readme[fread(readme, 1, sizeof readme - 1, f)] = 0;
	fclose(f);
	ck_assert_int_eq(test_program(out, sizeof out, "study study/published.cfg --table --out "
				      "%s/o", dir), 0);
	ck_assert_ptr_nonnull(strstr(out, "| se_mxresnet20 | 1 | 6.86 ["));
	ck_assert_msg(strstr(readme, out) != NULL, "README.md's table is not:\n%s", out);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ published_figures_are_those_of_the_confs, TEST_ROWS(studies) },
		{ each_plans, TEST_ROWS(studies) }, { results_are_small_and_clean, 0 },
		{ readme_has_the_table_of_results, 0 }, { NULL, 0 },
	};
	return test_run_cases("conf/study", cases);
}
