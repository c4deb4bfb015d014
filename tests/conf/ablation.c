/* The rows of the ablation: each is the row before with one thing changed, and the last
 * ones equal the confs at the top. */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "lib/built.h"
#include "train/setup.h"

static struct rnf_experiment *read_conf(const char *path)
{
	struct rnf_experiment *e = rnf_alloc(sizeof *e);
	test_plugins_path();
	rnf_conf_dir = "conf";
	ck_assert_msg(rnf_config_read(&e->conf, path, NULL, 0) == RNF_OK, "%s", rnf_fail_words());
	ck_assert_msg(rnf_config_expand(e->conf.tree) == RNF_OK, "%s", rnf_fail_words());
	return e;
}

static char changed[4096]; /* paths, each followed by a blank */

static void tell(void *context, const char *path, const struct rnf_conf *a,
		 const struct rnf_conf *b)
{
	(void)context, (void)a, (void)b;
	if (strcmp(path, "name") != 0) strcat(strcat(changed, path), " ");
}

static const char *differences(const char *a, const char *b)
{
	changed[0] = 0;
	rnf_conf_compare(read_conf(a)->conf.tree, read_conf(b)->conf.tree, tell, NULL);
	return changed;
}

static const struct row {
	const char *conf;
	int64_t parameters;
	const char *other, *differs; /* from this conf, in these values */
} rows[] = {
	/* 16 x 3 x 3 x 3, 9 blocks without any weight on a shortcut, 64 x 10 + 10 */
	{ "ablation/0_resnet20.cfg", 269722, NULL, NULL },
	{ "ablation/1_xresnet20.cfg", 273114, "xresnet20.cfg", "" },
	{ "ablation/2_mxresnet20.cfg", 273114, "ablation/1_xresnet20.cfg", "model.act " },
	{ "ablation/2_mxresnet20.cfg", 273114, "mxresnet20.cfg", "" },
	{ "ablation/3_se_mxresnet20.cfg", 275130, "ablation/2_mxresnet20.cfg", NULL },
	{ "ablation/4_cosine.cfg", 275130, "ablation/3_se_mxresnet20.cfg", NULL },
	{ "ablation/5_smoothing.cfg", 275130, "ablation/4_cosine.cfg",
	  "train.loss.label_smoothing " },
	{ "ablation/6_mixup.cfg", 275130, "ablation/5_smoothing.cfg", NULL },
	{ "ablation/7_reflect.cfg", 275130, "ablation/6_mixup.cfg", "data.augment[1].mode " },
	{ "ablation/7_reflect.cfg", 275130, "se_mxresnet20.cfg", "" },
};

START_TEST(each_row_changes_one_thing)
{
	const struct row *r = &rows[_i];
	struct rnf_experiment *e = read_conf(r->conf);
	ck_assert_msg(rnf_experiment_shapes(e) == RNF_OK, "%s", rnf_fail_words());
	ck_assert_msg(rnf_model_graph(&e->model, &e->conf, 0) == RNF_OK, "%s", rnf_fail_words());
	ck_assert_int_eq(rnf_program_parameters(e->model.programs[0]), r->parameters);
	if (r->differs) ck_assert_str_eq(differences(r->conf, r->other), r->differs);
	else if (r->other) ck_assert_str_ne(differences(r->conf, r->other), "");
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ each_row_changes_one_thing, TEST_ROWS(rows) },
		{ NULL, 0 },
	};
	return test_run_cases("ablation", cases);
}
