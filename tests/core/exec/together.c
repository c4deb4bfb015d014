/* Inference has the bits of one thread whatever number of threads shares its images
 * or, when these are fewer, takes each of them together. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/status.h"
#include "exec/times.h"
#include "lib/built.h"
#include "lib/experiment.h"
#include "train/eval.h"

#define GOOD(call) ck_assert_msg((call) >= 0, "%s", rnf_fail_words())

enum { CLASSES_MAX = 16, IMAGES_MAX = 9 };

/* Windows that are dilated or see over the edge; slices, and what is concatenated. */
static const char windows[] =
	"name = \"windows\"; seed = 7;\n"
	"model = { norm = \"batchnorm\"; act = \"mish\"; initializer = \"he_normal\"; layers = (\n"
	"{ type = \"conv2d\"; filters = 16; dilation = 2; border = \"reflect\"; },\n"
	"{ type = \"act\"; name = \"a\"; }, { type = \"slice\"; from = 3; channels = 9; },\n"
	"{ type = \"conv2d\"; name = \"b\"; filters = 12; groups = 3; border = \"edge\"; },\n"
	"{ type = \"concat\"; inputs = [\"b\", \"a\"]; }, { type = \"norm\"; },\n"
	"{ type = \"avgpool\"; size = 3; border = \"reflect\"; },\n"
	"{ type = \"maxpool\"; size = 3; stride = 1; dilation = 2; },\n"
	"{ type = \"global_avgpool\"; }, { type = \"dense\"; } ); };\n"
	"data = { type = \"synthetic\"; images = 12; test_images = 20; classes = 3;\n"
	"height = 33; width = 20; channels = 3; validation = 0.0; };\n"
	"train = { metrics = ( \"accuracy\" ); loss = \"crossentropy\"; optimizer = \"sgd\";\n"
	"scheduler = \"constant\"; };\n";

/* Chains of one tile and of several, convs in groups, strided, by openblas, which
 * takes no parts, and with every op a phase of its own. conf NULL: the one above. */
static const struct { const char *conf; int fused; const char *sets[3]; } models[] = {
	{ "synthetic.cfg", 1, { NULL } },
	{ "synthetic.cfg", 1, { "data.height=32", "data.width=30" } },
	{ "synthetic.cfg", 0, { "data.height=32", "data.width=30" } },
	{ "synthetic.cfg", 1, { "data.height=32", "backend=openblas" } },
	{ "se_mxresnet20.cfg", 1, { "data.type=synthetic", "data.height=20", "data.width=33" } },
	{ "se_mxresnext29_16x2d.cfg", 1, { "data.type=synthetic", "data.height=32" } },
	{ NULL, 1, { NULL } },
};
static const int64_t images[] = { 1, 2, 3, IMAGES_MAX };
static const int threads[] = { 2, 3, 8 };

static const char *conf_of(int model)
{
	static char path[512];
	if (models[model].conf) return models[model].conf;
	FILE *file = test_conf_file(path);
	fputs(windows, file);
	ck_assert_int_eq(fclose(file), 0);
	return path;
}

static struct rnf_experiment *start(int model, int n)
{
	struct rnf_experiment *e = rnf_alloc(sizeof *e);
	const char *sets[5] = { rnf_format("threads=%d", n), "train.batch_size=9" };
	size_t k = 2;
	for (int i = 0; i < 3 && models[model].sets[i]; i++)
		sets[k++] = models[model].sets[i];
	test_plugins_path();
	rnf_conf_dir = "conf";
	const char *conf = conf_of(model);
	GOOD(rnf_experiment_open(e, conf, sets, k));
	if (!models[model].conf) unlink(conf);
	GOOD(rnf_model_plan(&e->model, &e->conf, 0, models[model].fused));
	GOOD(rnf_experiment_start(e, 0));
	return e;
}

struct logits {
	float at[IMAGES_MAX * CLASSES_MAX];
};

/* Of images in the middle of the split, so that none is where another was. */
static struct logits infer(struct rnf_experiment *e, int64_t n)
{
	struct logits l = { 0 };
	struct rnf_exec *x = e->session.execs[0];
	const int64_t k = e->data.info.classes;
	ck_assert_int_le(k, CLASSES_MAX);
	rnf_evaluation_fill(&e->session, &e->data, RNF_SPLIT_TEST, NULL, 4, n);
	rnf_exec_run(x);
	for (int64_t i = 0; i < n; i++)
		memcpy(l.at + i * k, rnf_exec_value(x, x->plan->program->logits, i),
		       (size_t)k * sizeof *l.at);
	return l;
}

START_TEST(threads_change_no_bit)
{
	struct rnf_experiment *one = start(_i, 1);
	for (int t = 0; t < TEST_ROWS(threads); t++) {
		struct rnf_experiment *e = start(_i, threads[t]);
		for (int i = 0; i < TEST_ROWS(images); i++) {
			const struct logits want = infer(one, images[i]);
			const struct logits got = infer(e, images[i]);
			ck_assert(want.at[0] != 0);
			ck_assert_int_eq(e->session.execs[0]->together,
					 images[i] < rnf_threads_count(e->session.threads));
			ck_assert_msg(!memcmp(&want, &got, sizeof got),
				      "model %d: %d images on %d threads", _i, (int)images[i],
				      threads[t]);
		}
		rnf_experiment_finish(e);
	}
	rnf_experiment_finish(one);
}
END_TEST

static const struct rnf_cost *find(const struct rnf_costs *costs, const char *name)
{
	for (size_t i = 0; i < costs->n; i++)
		if (!strcmp(costs->at[i].name, name)) return &costs->at[i];
	ck_abort_msg("there is no row \"%s\"", name);
}

/* The parts of a step are one call, and its work is counted once. */
START_TEST(parts_are_one_call)
{
	struct rnf_experiment *e = start(1, 3);
	struct rnf_cost_sums sums = { 0 };
	rnf_evaluation_fill(&e->session, &e->data, RNF_SPLIT_TEST, NULL, 0, 1);
	rnf_exec_time(e->session.execs[0]);
	rnf_exec_run(e->session.execs[0]);
	rnf_exec_costs(e->session.execs[0], 1, &sums);
	const struct rnf_cost *stem = find(&sums.layers, "stem_conv");
	ck_assert_double_eq_tol(stem->calls, 1, 1e-9);
	ck_assert_double_eq_tol(stem->operations, 2.0 * 32 * 30 * 9 * 3 * 8, 1);
	rnf_experiment_finish(e);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ threads_change_no_bit, TEST_ROWS(models) },
		{ parts_are_one_call, 0 },
		{ NULL, 0 },
	};
	return test_run_cases("exec/together", cases);
}
