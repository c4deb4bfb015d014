/* Studies from their confs and options; mistakes end them before the first run, in lines
 * that name the place. */
#include "study/study.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/status.h"
#include "lib/built.h"
#include "lib/program.h"
#include "train/setup.h"

static char out[1 << 15];

/* -- confs -- */

static const char *conf(const char *text)
{
	const char *path = rnf_format("%s/s.cfg", test_folder("study_conf"));
	FILE *f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
	return path;
}

static rnf_status read_text(struct rnf_study *study, struct rnf_study_wish wish, const char *text)
{
	rnf_conf_dir = "conf";
	wish.conf = conf(text);
	return rnf_study_read(study, &wish);
}

START_TEST(arms_and_what_they_change)
{
	static const char *const sets[] = { "train.epochs=1", "study.baseline=b" };
	static const char *const arms[] = { "b" };
	struct rnf_study s;
	const struct rnf_study_wish wish = { .sets = sets, .n_sets = 2, .arms = arms, .n_arms = 1,
					     .seeds = "3..4,9" };
	ck_assert_int_eq(read_text(&s, wish, "name = \"x\";\nstudy = { seeds = [1, 2];\n"
		"conf = \"synthetic.cfg\"; set = ( \"model.act=mish\" ); results = \"done\";\n"
		"arms = ( { name = \"a\"; published = 7.5; },\n{ name = \"b\"; conf = \"xresnet20.cfg\"; "
		"set = ( \"model.act=relu\" ); } ); };"), RNF_OK);
	ck_assert_str_eq(s.name, "x");
	ck_assert_uint_eq(s.n_arms, 2);
	ck_assert_uint_eq(s.n_seeds, 3);
	ck_assert(s.seeds[0] == 3 && s.seeds[1] == 4 && s.seeds[2] == 9);
	ck_assert_double_eq(s.arms[0].published, 7.5);
	ck_assert(s.arms[1].published != s.arms[1].published);
	ck_assert(!s.arms[0].chosen && s.arms[1].chosen);
	ck_assert_int_eq(s.baseline, 1);
	ck_assert_uint_eq(s.arms[1].n_sets, 3); /* of the study, of the arm, of the user */
	ck_assert_str_eq(s.arms[1].sets[0].text, "model.act=mish");
	ck_assert_int_eq(s.arms[1].sets[0].line, 3);
	ck_assert_str_eq(s.arms[1].sets[1].text, "model.act=relu");
	ck_assert_str_eq(s.arms[1].sets[2].text, "train.epochs=1");
	ck_assert_str_eq(s.arms[0].conf, "conf/synthetic.cfg");
	ck_assert_str_eq(s.arms[1].conf, "conf/xresnet20.cfg");
	ck_assert_str_eq(s.results, rnf_format("%s/tests/tmp/study_conf/done", test_build()));
}
END_TEST

#define HEAD "study = {\nseeds = [1];\nconf = \"synthetic.cfg\";\n"

/* The whole line, behind the name of the conf. */
static const struct { const char *text, *words; } wrong[] = {
	{ "study = { arms = (); };", "s.cfg:1: study.arms: has no arm" },
	{ "study = { seeds = [1]; };", "s.cfg:1: study: study needs \"arms\"" },
	{ "study = { arms = ( { name = \"a\"; } ); };",
	  "s.cfg:1: study.arms[0]: names no `conf`, and neither does study.conf" },
	{ HEAD "arms = (\n{ name = \"a\"; },\n{ name = \"a\"; } ); };",
	  "s.cfg:6: study.arms[1].name: \"a\" is the name of another arm already (study.arms[0])" },
	{ HEAD "arms = (\n{ conf = \"x\"; } ); };", "s.cfg:5: study.arms[0]: study.arms[0] needs \"name\"" },
	{ HEAD "arms = (\n{ name = \"a/b\"; } ); };", "s.cfg:5: study.arms[0].name is \"a/b\"" },
	{ HEAD "arms = (\n{ name = \"study.svg\"; } ); };",
	  "s.cfg:5: study.arms[0].name: \"study.svg\" is the name of a file that the study writes" },
	{ HEAD "arms = (\n{ name = \"table.md.tmp\"; } ); };", "s.cfg:5: study.arms[0].name: " },
	{ HEAD "arms = (\n{ name = \"a\"; published = \"7,5\"; } ); };",
	  "s.cfg:5: study.arms[0].published is \"7,5\", must be a number, 0 .. 100" },
	{ HEAD "arms = (\n{ name = \"a\"; conf = \"none.cfg\"; } ); };",
	  "s.cfg:5: study.arms[0].conf: there is no conf " },
	{ HEAD "arms = (\n{ name = \"a\"; published = 101; } ); };",
	  "s.cfg:5: study.arms[0].published is 101, must be 0 .. 100" },
	{ HEAD "arms = (\n{ name = \"a\"; set = ( \"seed=1\" ); } ); };",
	  "s.cfg:5: study.arms[0].set[0]: seed=1; a study sets " },
	{ HEAD "baseline = \"relo\";\narms = ( { name = \"relu\"; } ); };",
	  "s.cfg:4: study.baseline: there is no arm \"relo\" (did you mean \"relu\"?)" },
	{ "study = { conf = \"synthetic.cfg\"; arms = ( { name = \"a\"; } );\nseeds = [1,\n2, 1]; };",
	  "s.cfg:3: study.seeds[2]: the seed 1 is listed twice" },
	{ "study = { conf = \"synthetic.cfg\"; arms = ( { name = \"a\"; } );\nseeds = []; };",
	  "s.cfg:2: study.seeds: must name at least one seed" },
	{ HEAD "arm = ( { name = \"a\"; } ); };", "(did you mean \"arms\"?)" },
};

START_TEST(mistakes_name_their_place)
{
	struct rnf_study s;
	ck_assert_int_lt(read_text(&s, (struct rnf_study_wish){ 0 }, wrong[_i].text), 0);
	ck_assert_msg(strstr(rnf_fail_words(), wrong[_i].words) != NULL, "%s", rnf_fail_words());
}
END_TEST

START_TEST(mistakes_are_told_together)
{
	struct rnf_study s;
	ck_assert_int_lt(read_text(&s, (struct rnf_study_wish){ 0 }, HEAD "baseline = \"c\";\narms = ("
		"\n{ name = \"a\"; },\n{ name = \"a\"; },\n{ name = \"b\"; conf = \"none\"; } ); };"),
		0);
	ck_assert(strstr(rnf_fail_words(), "s.cfg:7: ") && strstr(rnf_fail_words(), "\n") &&
		  strstr(rnf_fail_words(), "s.cfg:8: ") && strstr(rnf_fail_words(), "s.cfg:4: "));
}
END_TEST

/* Mistakes that only an arm's own conf shows are reported before any run, too. */
START_TEST(an_arm_that_does_not_plan)
{
	const char *path = conf(HEAD "arms = ( { name = \"good\"; },\n"
		"{ name = \"a\"; set = ( \"model.act=mishh\" ); },\n"
		"{ name = \"b\"; set = ( \"data.validation=0.89\", \"data.images=8\" ); },\n"
		"{ name = \"c\"; set = ( \"model.layers.dense.units=3\" ); } ); };");
	ck_assert_int_eq(test_program(out, sizeof out, "study %s --out %s/tests/tmp/study_conf/o",
				      path, test_build()), 2);
	ck_assert_msg(strstr(out, "arm a: ") && strstr(out, "s.cfg:5: model.act: ") &&
		      strstr(out, "(did you mean \"mish\"?)"), "%s", out);
	ck_assert_msg(strstr(out, "arm c: ") != NULL, "%s", out);
	ck_assert_int_eq(access(rnf_format("%s/tests/tmp/study_conf/o", test_build()), F_OK), -1);
}
END_TEST

static const struct { const char *arguments, *words; } calls[] = {
	{ "synthetic.cfg", "conf/synthetic.cfg has no `study`: name the conf of a study, or pass " },
	{ "none.cfg", "there is no conf none.cfg" },
	{ "", "study needs the conf of a study" },
	{ "%s --arm relo", "--arm: there is no arm \"relo\" (did you mean \"relu\"?)" },
	{ "%s --seeds 1,1", "--seeds is \"1,1\", must be 1..3 or 1,2,5; 1 is listed twice" },
	{ "%s --seeds 3..1", "--seeds is \"3..1\", must be " },
	{ "%s --seeds 1..", "--seeds is \"1..\", must be " },
	{ "%s --seeds x", "--seeds is \"x\", must be " },
	{ "%s --seeds 1:", "--seeds is \"1:\", must be " },
	{ "%s --jobs 0", "--jobs is \"0\", must be a number of 1 .. 1024" },
	{ "%s --jobs 2x", "--jobs is \"2x\", must be " },
	{ "%s --jobs 1025", "--jobs is \"1025\", must be " },
	{ "%s --budget 2x", "--budget is \"2x\", must be a time above 0: 90s, 30m, 2h, 1d" },
	{ "%s --budget -1", "--budget is \"-1\", must be " },
	{ "%s --table", "--table makes no run: --dry-run has no effect beside it" },
	{ "%s --random 3", "--random chooses among the arms of --vary, and there is no --vary" },
	{ "%s study.results=nowhere", "study.results: nowhere: No such file or directory" },
	{ "%s --vary model.act=relu,mish", "--vary goes with the conf of a model; " },
	{ "%s seed=3", "--set seed=3: a study sets `seed`, `name` and `out` of each run itself" },
	{ "%s 'study.seeds=[1,1]'", "study.seeds[1]: the seed 1 is listed twice" },
	{ "synthetic.cfg --vary model.act", "--vary model.act: must be key.path=VALUES" },
	{ "synthetic.cfg --vary model.act=relu,,mish", ": a value is empty" },
	{ "synthetic.cfg --vary model.act=relu,relu", ": relu is listed twice" },
	{ "synthetic.cfg --vary train.optimizer.lr=log:0:1:3", "log wants two numbers above 0" },
	{ "synthetic.cfg --vary train.optimizer.lr=log:1:0:3", "log wants two numbers above 0" },
	{ "synthetic.cfg --vary train.optimizer.lr=lin:0:1:1", "the count is 1, must be 2 .. 1000" },
	{ "synthetic.cfg --vary train.optimizer.lr=lin:0:1", "must be lin:FROM:TO:COUNT" },
	{ "synthetic.cfg --vary model.act=relu,mish --vary model.act=mish",
	  "--vary model.act=mish: model.act is varied already: --vary model.act=relu,mish" },
	{ "synthetic.cfg --vary seed=1,2", "set seeds with --seeds" },
	{ "synthetic.cfg --vary name=a,b", "a study sets this key itself" },
	{ "synthetic.cfg --vary model.act=relu,mish --random 0", "--random is \"0\", must be " },
	{ "synthetic.cfg --vary model.act=relu,mish --random 99999999999999999999",
	  "--random is \"99999999999999999999\", must be a number of 1 .. 10000" },
	{ "synthetic.cfg --vary data.path=a/b,a_b", "--vary: two arms are called path=a_b" },
};

START_TEST(calls_that_make_no_sense)
{
	const char *path = conf(HEAD "arms = ( { name = \"relu\"; } ); };");
	const char *rest = strstr(calls[_i].arguments, "%s");
	ck_assert_int_eq(test_program(out, sizeof out, "study %s%s --dry-run",
		rest ? path : "", rest ? rest + 2 : calls[_i].arguments), 2);
	ck_assert_msg(strstr(out, calls[_i].words) != NULL, "%s", out);
}
END_TEST

/* -- values -- */

static const struct {
	const char *vary;
	int64_t random;
	size_t n;
	const char *first, *last, *set; /* names of arms, an override of the last */
} axes[] = {
	{ "model.act=relu,mish", 0, 2, "act=relu", "act=mish", "model.act=mish" },
	{ "train.optimizer.lr=lin:0:1:5", 0, 5, "lr=0", "lr=1", "train.optimizer.lr=1" },
	{ "train.optimizer.lr=log:0.01:1:3", 0, 3, "lr=0.01", "lr=1", "train.optimizer.lr=1" },
	{ "data.images=lin:1000000:1234567:3", 0, 3, "images=1000000", "images=1234567",
	  "data.images=1234567" },
	{ "model.input=[8, 8, 3],[4, 4, 3]", 0, 2, "input=_8,_8,_3_", "input=_4,_4,_3_",
	  "model.input=[4, 4, 3]" },
	{ "train.optimizer.lr=lin:0:1:100", 7, 7, NULL, NULL, NULL },
	{ "train.optimizer.lr=lin:0:1:3", 70, 3, "lr=0", "lr=1", NULL },
};

START_TEST(values_of_an_axis)
{
	struct rnf_study s, again;
	const struct rnf_study_wish wish = { .conf = "synthetic.cfg", .varies = &axes[_i].vary,
					     .n_varies = 1, .random = axes[_i].random };
	rnf_conf_dir = "conf";
	ck_assert_msg(rnf_study_read(&s, &wish) == RNF_OK, "%s", rnf_fail_words());
	ck_assert_uint_eq(s.n_arms, axes[_i].n);
	if (axes[_i].first) ck_assert_str_eq(s.arms[0].name, axes[_i].first);
	const struct rnf_arm *last = &s.arms[s.n_arms - 1];
	if (axes[_i].last) ck_assert_str_eq(last->name, axes[_i].last);
	if (axes[_i].set) ck_assert_str_eq(last->sets[0].text, axes[_i].set);
	ck_assert_int_eq(rnf_study_read(&again, &wish), RNF_OK); /* the same each time */
	ck_assert_str_eq(again.arms[s.n_arms - 1].name, last->name);
}
END_TEST

START_TEST(the_product_of_axes)
{
	static const char *const varies[] = { "a.lr=1,2", "b.lr=x,y,z" };
	struct rnf_study s;
	const struct rnf_study_wish wish = { .conf = "synthetic.cfg", .varies = varies,
					     .n_varies = 2 };
	rnf_conf_dir = "conf";
	ck_assert_int_eq(rnf_study_read(&s, &wish), RNF_OK);
	ck_assert_uint_eq(s.n_arms, 6);
	ck_assert_str_eq(s.arms[0].name, "a.lr=1,b.lr=x"); /* the whole keys: both end in lr */
	ck_assert_str_eq(s.arms[1].name, "a.lr=1,b.lr=y");
	ck_assert_str_eq(s.arms[5].name, "a.lr=2,b.lr=z");
	ck_assert_str_eq(s.arms[5].sets[1].text, "b.lr=z");
	ck_assert_str_eq(s.name, "synthetic-vary");
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ arms_and_what_they_change, 0 }, { mistakes_name_their_place, TEST_ROWS(wrong) },
		{ mistakes_are_told_together, 0 }, { an_arm_that_does_not_plan, 0 },
		{ calls_that_make_no_sense, TEST_ROWS(calls) },
		{ values_of_an_axis, TEST_ROWS(axes) }, { the_product_of_axes, 0 }, { NULL, 0 },
	};
	return test_run_cases("study/study", cases);
}
