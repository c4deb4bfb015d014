/* Whole models: gradients against central differences, the phased plan against
 * the op-by-op one, and what a plan keeps in memory. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "lib/plugin.h"
#include "plugin/loader.h"
#include "train/setup.h"

#define GOOD(call) ck_assert_msg((call) >= 0, "%s", rnf_fail_words())

/* A model of the confs on made-up images, planned for training. */
static struct rnf_experiment *experiment(const char *conf, const char *block,
					 const char *act, int fused)
{
	static int ready;
	char path[512];
	if (!ready++) {
		snprintf(path, sizeof path, "%s/plugins", test_build());
		rnf_loader_path(path);
	}
	struct rnf_experiment *e = rnf_alloc(sizeof *e);
	const char *sets[] = {
		"data.type=synthetic", "data.images=32", "data.validation=0",
		"train.batch_size=6", "threads=1", act, block };
	GOOD(rnf_experiment_read(e, conf, sets, block ? 7 : 6));
	GOOD(rnf_experiment_data(e));
	GOOD(rnf_experiment_shapes(e));
	GOOD(rnf_experiment_plan(e, 0, 1));
	GOOD(rnf_experiment_plan(e, 1, fused));
	GOOD(rnf_experiment_start(e, 1));
	return e;
}

/* Forward and backward on the first n samples; the mean loss. */
static double run(struct rnf_experiment *e, int64_t n)
{
	static const int64_t ids[] = { 0, 1, 2, 3, 4, 5 };
	struct rnf_exec *x = e->execs[1];
	static float target[6 * 16];
	double loss = 0;
	x->images = n;
	x->target = target;
	rnf_batch_fill(e->batcher, e->pool, ids, RNF_SPLIT_TRAIN, n, 1, 0, NULL, 0,
		       rnf_exec_value(x, e->programs[1]->input, 0), target);
	rnf_exec_run(x);
	for (int64_t i = 0; i < n; i++)
		loss += *rnf_exec_value(x, e->programs[1]->loss, i);
	return loss / (double)n;
}

static float largest(const float *at, int64_t n)
{
	float most = 0;
	for (int64_t i = 0; i < n; i++)
		if (fabsf(at[i]) > most) most = fabsf(at[i]);
	return most;
}

static void check_weight(struct rnf_experiment *e, const struct rnf_model_weight *w,
			 const float *gradient, float scale)
{
	const double eps = 4e-3;
	const int64_t stride = w->size / 3 + 1;
	for (int64_t i = 0; i < w->size; i += stride) {
		float *at = e->weights + w->offset + i;
		const float keep = *at;
		*at = (float)(keep + eps);
		const double up = run(e, 6);
		*at = (float)(keep - eps);
		const double down = run(e, 6);
		*at = keep;
		ck_assert_msg(fabs((up - down) / (2 * eps) - gradient[i]) <
			      0.03 * scale + 3e-4,
			      "%s[%d]: derivative %g, gradient %g", w->name, (int)i,
			      (up - down) / (2 * eps), (double)gradient[i]);
	}
}

static const struct { const char *conf, *block; } models[] = {
	{ "synthetic.cfg", NULL },
	{ "synthetic_dropout.cfg", NULL },
	{ "synthetic.cfg", "model.layers.stage2.block.type=bottleneck" },
	{ "synthetic.cfg", "model.layers.stage2.block.shortcut_bn=false" },
};

START_TEST(gradients_are_derivatives)
{
	struct rnf_experiment *e = experiment(models[_i].conf, models[_i].block,
					      "model.act=mish", 1);
	const struct rnf_program *p = e->programs[1];
	run(e, 6);
	for (size_t i = 0; i < p->n_weights; i++) {
		const struct rnf_model_weight *w = &p->weights[i];
		if (w->state) continue;
		run(e, 6);
		float *gradient = malloc((size_t)w->size * sizeof *gradient);
		memcpy(gradient, rnf_exec_gradient(e->execs[1], w),
		       (size_t)w->size * sizeof *gradient);
		check_weight(e, w, gradient, largest(gradient, w->size));
		free(gradient);
	}
	rnf_experiment_finish(e);
}
END_TEST

START_TEST(phased_plan_computes_what_op_by_op_does)
{
	struct rnf_experiment *a = experiment("synthetic.cfg", NULL, "model.act=mish", 1);
	struct rnf_experiment *b = experiment("synthetic.cfg", NULL, "model.act=mish", 0);
	const struct rnf_program *p = a->programs[1];
	ck_assert_uint_gt(b->plans[1]->n_phases, 5 * a->plans[1]->n_phases);
	/* 5 images: a partial leaf */
	ck_assert_double_eq_tol(run(a, 5), run(b, 5), 1e-6);
	for (size_t i = 0; i < p->n_weights; i++) {
		const struct rnf_model_weight *w = &p->weights[i];
		if (w->state) continue;
		const float *x = rnf_exec_gradient(a->execs[1], w);
		const float *y = rnf_exec_gradient(b->execs[1], &b->programs[1]->weights[i]);
		for (int64_t k = 0; k < w->size; k++)
			ck_assert_msg(fabsf(x[k] - y[k]) <=
				      1e-5f * largest(y, w->size) + 1e-7f,
				      "%s[%d]: %g, op by op %g", w->name, (int)k,
				      (double)x[k], (double)y[k]);
	}
	rnf_experiment_finish(a);
	rnf_experiment_finish(b);
}
END_TEST

static void check_phases(const char *conf, size_t phases)
{
	struct rnf_experiment *e = rnf_alloc(sizeof *e);
	const char *sets[] = { "data.type=synthetic", "data.height=32",
			       "data.width=32", "data.channels=3", "data.images=16" };
	GOOD(rnf_experiment_read(e, conf, sets, 5));
	GOOD(rnf_experiment_data(e));
	GOOD(rnf_experiment_shapes(e));
	GOOD(rnf_experiment_plan(e, 0, 1));
	GOOD(rnf_experiment_plan(e, 1, 1));
	ck_assert_uint_eq(e->plans[1]->n_phases, phases);
	ck_assert_uint_eq(e->plans[0]->n_phases, 1);
	ck_assert_int_lt(e->plans[1]->arena * 4, phases == 39 ? 220000000 : 900000000);
	for (size_t v = 0; v < e->programs[1]->n_values; v++) {
		const struct rnf_value *x = &e->programs[1]->values[v];
		const enum rnf_op_kind kind = e->programs[1]->ops[x->op].kind;
		if (e->plans[1]->stored[v] && x->h * x->w > 1)
			ck_assert_msg(kind != RNF_OP_AFFINE && kind != RNF_OP_ACT,
				      "a normalised or activated tensor is stored");
	}
}

START_TEST(plans_have_the_phases_of_their_barriers)
{
	char path[512];
	snprintf(path, sizeof path, "%s/plugins", test_build());
	rnf_loader_path(path);
	check_phases("se_mxresnet20.cfg", 39);
	check_phases("se_mxresnext29_16x2d.cfg", 57);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("plan");
	TCase *cases = tcase_create("plan");
	tcase_set_timeout(cases, 300);
	tcase_add_loop_test(cases, gradients_are_derivatives, 0,
			    sizeof models / sizeof *models);
	tcase_add_test(cases, phased_plan_computes_what_op_by_op_does);
	tcase_add_test(cases, plans_have_the_phases_of_their_barriers);
	suite_add_tcase(suite, cases);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	const int bad = srunner_ntests_failed(runner);
	srunner_free(runner);
	return bad ? 1 : 0;
}
