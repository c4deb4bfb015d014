/* How a model that cannot be built is refused: one line with the place, the key's
 * path and the layer, and nothing before it. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/status.h"
#include "lib/plugin.h"
#include "plugin/loader.h"
#include "train/setup.h"

/* The small model: 0 stem, 1 stage1, 2 stage2, 3 final_bn, then the head. */
static const struct {
	const char *set, *words; /* all of them; NULL: it is built */
} rows[] = {
	{ "model.act=mish", NULL },
	{ "model.act=batchnorm", NULL }, /* a layer in each activation's place */
	{ "train.optimizer=adam", "--set: train.optimizer: there is no optimizer \"adam\"" },
	{ "data.type=synthetik", "--set: data: there is no dataset \"synthetik\"" },
	{ "model.norm=batchnom", "--set: model.norm: there is no layer \"batchnom\"" },
	{ "model.layers.0.type=cifa", "--set: model.layers[0]: there is no layer or block" },
	{ "model.layers.stage1.block.type=conv2d",
	  "--set: model.layers[1].block: layer.conv2d has no key \"first\"" },
	{ "model.layers.0.inputs=stem",
	  "--set: model.layers[0]: layer stem: inputs: there is no earlier layer named "
	  "\"stem\"" },
	{ "model.layers.0.type=dense",
	  "--set: model.layers[0]: layer stem: the input is 8 x 8 pixels, must be 1 x 1" },
	{ "model.layers.1.inputs=[\"stam\"]",
	  "--set: model.layers[1]: layer stage1: inputs: there is no earlier layer named "
	  "\"stam\" (did you mean \"stem\"?)" },
	{ "model.layers.1.inputs=[\"stem\",\"stem\",\"stem\",\"stem\",\"stem\",\"stem\",\"stem\","
	  "\"stem\",\"stem\"]",
	  "conf/model/tiny.cfg:7: model.layers[1]: layer stage1: stage takes 1 input, got 9" },
	{ "model.layers.2.name=stage1",
	  "--set: model.layers[2] is called \"stage1\", as conf/model/tiny.cfg:7: "
	  "model.layers[1] is: give it another name" },
	{ "model.layers.0.filters=65536",
	  "--set: model.layers[0].filters is 65536, must be 1 .. 4096" },
	{ "seed=9007199254740993",
	  "--set: seed is 9007199254740993, must be 0 .. 9007199254740992" },
	{ "model=1", "--set: model is a group and takes no value or type; its keys are: input" },
	{ "train=x", "--set: train is a group and takes no value or type; its keys are: epochs" },
	{ "data.augment=(\"flip\",\"crop\")", NULL },
	{ "data.augment=[flip, \"crap\"]",
	  "--set: data.augment[1]: there is no augment \"crap\" (did you mean \"crop\"?)" },
	{ "model.layers.stage1.block.filters=5000",
	  "--set: model.layers[1].block.filters is 5000, must be 1 .. 4096" },
	{ "name=a/b", "--set: name is \"a/b\", must be a name without /" },
};

static rnf_status build(const char *set)
{
	struct rnf_experiment *e = rnf_alloc(sizeof *e);
	RNF_TRY(rnf_config_read(&e->conf, "synthetic.cfg", &set, 1));
	RNF_TRY(rnf_experiment_shapes(e));
	return rnf_model_graph(&e->model, &e->conf, 1);
}

static void plugins(void)
{
	char path[512];
	snprintf(path, sizeof path, "%s/plugins", test_build());
	rnf_loader_path(path);
}

START_TEST(models)
{
	char log[512] = "";
	FILE *saved = stderr, *out = fmemopen(log, sizeof log - 1, "w");
	plugins();
	stderr = out; /* a notice of what the change leaves out */
	const rnf_status status = build(rows[_i].set);
	stderr = saved;
	fclose(out);
	const char *words = rows[_i].words;
	if (!words) {
		ck_assert_msg(status == RNF_OK, "%s", rnf_fail_words());
		return;
	}
	ck_assert_int_lt(status, 0);
	ck_assert_msg(!strncmp(rnf_fail_words(), words, strlen(words)),
		      "not \"%s\" but: %s", words, rnf_fail_words());
	ck_assert_str_eq(log, "");
}
END_TEST

/* What layers compute is refused by the plan, with the layer's label: two
 * pools side by side, and a norm after them. */
START_TEST(too_many_channels)
{
	const char *sets[] = { "model.layers.stage1.block.filters=4096",
			       "model.layers.stage2.type=concat_pool" };
	struct rnf_experiment *e = rnf_alloc(sizeof *e);
	plugins();
	ck_assert_int_eq(rnf_config_read(&e->conf, "synthetic.cfg", sets, 2), RNF_OK);
	ck_assert_int_eq(rnf_experiment_shapes(e), RNF_OK);
	ck_assert_int_lt(rnf_model_plan(&e->model, &e->conf, 0, 1), 0);
	ck_assert_msg(strstr(rnf_fail_words(), "layer final_act has 8192 channels, "
			     "must have 1 .. 4096") != NULL, "%s", rnf_fail_words());
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ models, TEST_ROWS(rows) }, { too_many_channels, 0 }, { NULL, 0 },
	};
	return test_run_cases("graph", cases);
}
