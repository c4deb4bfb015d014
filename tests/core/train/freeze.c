/* train.freeze: what stays, what moves, and what is not computed. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "lib/experiment.h"
#include "lib/plugin.h"
#include "train/step.h"
#include "train/weights.h"

enum { SETS = 5 };

/* With L2 and momentum, validation off so that all images train. */
static struct rnf_experiment *planned(const char *freeze, const char *a, const char *b)
{
	const char *const sets[SETS] = { "data.validation=0", "train.batch_size=13",
					 rnf_format("train.freeze=%s", freeze), a, b };
	return test_planned("synthetic.cfg", 1, sets, freeze[0] ? SETS : 2);
}

static int is_of(const char *name, const char *layers)
{
	for (const char *p = layers; *p; p += strcspn(p, ","), p += *p == ',') {
		const size_t n = strcspn(p, ",");
		if (!strncmp(name, p, n) && strchr("/_", name[n])) return 1;
	}
	return 0;
}

/* n steps on the first images. */
static void train(struct rnf_experiment *e, int n)
{
	struct rnf_training_step step;
	struct rnf_run run = rnf_training_run(e);
	rnf_training_step_init(&step, e);
	for (run.epoch = run.step = 1; run.step <= n; run.step++) {
		rnf_training_step(&step, &run, e->data.train, 13, 1);
		ck_assert_int_eq(step.fault, RNF_FAULT_NONE);
	}
}

static float *copy_weights(const struct rnf_experiment *e)
{
	const size_t bytes = (size_t)e->session.block * sizeof(float);
	return memcpy(rnf_alloc(bytes), e->session.weights, bytes);
}

static const char *const frozen[] = {
	"stem", "stem,stage1", "stage2", "final_bn", "classifier", "stage1,classifier",
};

/* Neither gradients nor L2 nor momentum move them, nor do batches a norm's statistics. */
START_TEST(the_frozen_stay_and_the_others_move)
{
	struct rnf_experiment *e = planned(frozen[_i], "threads=2", "train.optimizer.nesterov=true");
	const float *before = copy_weights(e);
	int stay = 0;
	train(e, 4);
	for (size_t i = 0; i < e->model.weights.n; i++) {
		const struct rnf_model_weight *w = &e->model.weights.at[i];
		const int is_frozen = is_of(w->name, frozen[_i]);
		ck_assert_msg(is_frozen == !memcmp(before + w->offset,
						   e->session.weights + w->offset,
						   (size_t)w->size * sizeof(float)),
			      "%s: frozen %d", w->name, is_frozen);
		stay += is_frozen;
	}
	ck_assert_int_gt(stay, 0);
	rnf_experiment_finish(e);
}
END_TEST

START_TEST(threads_change_no_bit)
{
	static const char *const threads[] = { "threads=1", "threads=2", "threads=3" };
	struct rnf_experiment *e[3];
	for (int i = 0; i < 3; i++) {
		e[i] = planned(frozen[_i], threads[i], "model.act=mish");
		train(e[i], 3);
		ck_assert_mem_eq(e[0]->session.weights, e[i]->session.weights,
				 (size_t)e[0]->session.block * sizeof(float));
	}
	for (int i = 0; i < 3; i++)
		rnf_experiment_finish(e[i]);
}
END_TEST

/* Of layers that compute the same in training and in inference. */
static const char *const plain[] = { "stem", "classifier" };

START_TEST(the_other_gradients_are_the_same)
{
	struct rnf_experiment *whole = planned("", NULL, NULL);
	struct rnf_experiment *part = planned(plain[_i], "threads=1", "model.act=relu");
	train(whole, 1);
	train(part, 1);
	for (size_t i = 0; i < whole->model.weights.n; i++) {
		const struct rnf_model_weight *w = &whole->model.programs[1]->weights[i];
		const struct rnf_model_weight *v = &part->model.programs[1]->weights[i];
		if (w->state) continue;
		ck_assert_int_eq(v->gradient >= 0, !is_of(w->name, plain[_i]));
		if (v->gradient < 0) continue;
		ck_assert_msg(!memcmp(rnf_exec_gradient(whole->session.execs[1], w),
				      rnf_exec_gradient(part->session.execs[1], v),
				      (size_t)w->size * sizeof(float)), "%s", w->name);
	}
	rnf_experiment_finish(whole);
	rnf_experiment_finish(part);
}
END_TEST

static double loss_at(struct rnf_experiment *e, float *at, const float *from, const float *d,
		      int64_t n, double h)
{
	struct rnf_exec *x = e->session.execs[1];
	double sum = 0;
	for (int64_t i = 0; i < n; i++)
		at[i] = (float)(from[i] + h * d[i]);
	rnf_exec_run(x);
	for (int64_t i = 0; i < x->images; i++)
		sum += *rnf_exec_value(x, x->plan->program->loss, i);
	return sum / (double)x->images;
}

/* The slope of the loss along the stem's gradient, which comes through frozen norms, is that
 * gradient's square. */
START_TEST(gradients_go_through_frozen_layers)
{
	struct rnf_experiment *e = planned("stage1,stage2,final_bn", "threads=1", "model.act=mish");
	const struct rnf_model_weight *w = &e->model.programs[1]->weights[0];
	float *at = e->session.weights + w->offset;
	train(e, 1);
	const size_t bytes = (size_t)w->size * sizeof *at;
	const float *d = memcpy(rnf_alloc(bytes), rnf_exec_gradient(e->session.execs[1], w), bytes);
	const float *from = memcpy(rnf_alloc(bytes), at, bytes);
	ck_assert_str_eq(w->name, "stem_conv/kernel");
	loss_at(e, at, from, d, w->size, 0);
	const float *g = rnf_exec_gradient(e->session.execs[1], w);
	double square = 0, mixed = 0;
	for (int64_t i = 0; i < w->size; i++) {
		square += (double)d[i] * d[i];
		mixed += (double)d[i] * g[i];
	}
	const double h = 0.02 / sqrt(square);
	const double slope = (loss_at(e, at, from, d, w->size, h) -
			      loss_at(e, at, from, d, w->size, -h)) / (2 * h);
	ck_assert_msg(fabs(slope - mixed) < 0.01 * fabs(mixed), "%g, must be %g", slope, mixed);
	rnf_experiment_finish(e);
}
END_TEST

static const char *const forms[][2] = {
	{ "model.act=mish", "model.layers.stage2.block.type=basic" },
	{ "model.layers.stage1.block.type=shake_shake", "model.layers.stage2.block.type=repvgg" },
	{ "model.layers.stage1.block.type=wide", "model.layers.stage1.block.dropout=0.5" },
};

/* Norms, dropout, shares of branches: all as in inference. */
START_TEST(a_frozen_layer_computes_what_it_does_in_inference)
{
	struct rnf_experiment *e = planned("stem,stage1,stage2,final_bn", forms[_i][0],
					   forms[_i][1]);
	struct rnf_exec *x = e->session.execs[1], *y = e->session.execs[0];
	const float *before = copy_weights(e);
	train(e, 1);
	memcpy(e->session.weights, before, (size_t)e->session.block * sizeof(float));
	const int input = x->plan->program->input, logits = y->plan->program->logits;
	const int64_t n = rnf_value_size(&x->plan->program->values[input]);
	y->images = x->images;
	y->stale = 1;
	for (int64_t i = 0; i < x->images; i++)
		memcpy(rnf_exec_value(y, input, i), rnf_exec_value(x, input, i),
		       (size_t)n * sizeof(float));
	rnf_exec_run(y);
	for (int64_t i = 0; i < x->images; i++)
		for (int64_t k = 0; k < e->model.classes; k++)
			ck_assert_float_eq_tol(
				rnf_exec_value(x, x->plan->program->logits, i)[k],
				rnf_exec_value(y, logits, i)[k], 1e-5f);
	rnf_experiment_finish(e);
}
END_TEST

START_TEST(there_is_less_to_compute)
{
	struct rnf_experiment *whole = planned("", NULL, NULL);
	struct rnf_experiment *part = planned("stem,stage1", "threads=1", "model.act=relu");
	const struct rnf_plan *a = whole->model.plans[1], *b = part->model.plans[1];
	ck_assert_uint_lt(b->n_phases, a->n_phases);
	ck_assert_uint_lt(rnf_plan_tasks(b), rnf_plan_tasks(a));
	ck_assert_int_lt(rnf_program_macs(b->program), rnf_program_macs(a->program));
	/* below stage2 no convolution runs but forward: as many as in inference */
	int forward = 0, all = 0;
	for (size_t i = 0; i < b->program->n_ops; i++) {
		const struct rnf_op *op = &b->program->ops[i];
		if (!op->row->conv || !(is_of(op->label, "stem") || is_of(op->label, "stage1")))
			continue;
		all++;
		forward += op->out < b->program->loss;
	}
	ck_assert_int_gt(forward, 0);
	ck_assert_int_eq(all, forward);
	rnf_experiment_finish(whole);
	rnf_experiment_finish(part);
}
END_TEST

START_TEST(its_l2_is_no_part_of_the_loss)
{
	struct rnf_experiment *whole = planned("", NULL, NULL);
	struct rnf_experiment *part = planned("stem", "threads=1", "model.act=relu");
	const struct rnf_model_weight *w = &whole->model.weights.at[0];
	const double all = rnf_model_l2(&whole->model, whole->session.weights);
	double stem = 0;
	for (int64_t k = 0; k < w->size; k++)
		stem += w->l2 * pow(whole->session.weights[w->offset + k], 2);
	ck_assert_double_gt(stem, 0);
	ck_assert_double_eq_tol(rnf_model_l2(&part->model, part->session.weights), all - stem,
				1e-9 * all);
	rnf_experiment_finish(whole);
	rnf_experiment_finish(part);
}
END_TEST

static const struct { const char *freeze, *words; } refused[] = {
	{ "train.freeze=stagge1",
	  "--set: train.freeze: no layer is called \"stagge1\" (did you mean \"stage1\"?)" },
	{ "train.freeze=stage1/1", "--set: train.freeze: \"stage1/1\" is a part of the layer \"stage1\", "
	  "of which all or nothing can be frozen" },
	{ "train.freeze=xyz", "--set: train.freeze: no layer is called \"xyz\"; there are stem, "
	  "stage1, stage2, final_bn, final_act, pool, classifier" },
	{ "train.freeze=stem,stage1,stage2,final_bn,classifier", "--set: train.freeze: it names "
	  "all layers that have weights: none is left to train" },
};

START_TEST(what_cannot_be_frozen)
{
	struct rnf_experiment *e = rnf_alloc(sizeof *e);
	rnf_experiment_finish(planned("", NULL, NULL)); /* finds the plugins */
	ck_assert_int_eq(rnf_experiment_open(e, "synthetic.cfg", &refused[_i].freeze, 1), RNF_OK);
	ck_assert_int_eq(rnf_experiment_build(e, 1), RNF_EINVAL);
	ck_assert_str_eq(rnf_fail_words(), refused[_i].words);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ the_frozen_stay_and_the_others_move, TEST_ROWS(frozen) },
		{ threads_change_no_bit, TEST_ROWS(frozen) },
		{ the_other_gradients_are_the_same, TEST_ROWS(plain) },
		{ gradients_go_through_frozen_layers, 0 },
		{ a_frozen_layer_computes_what_it_does_in_inference, TEST_ROWS(forms) },
		{ there_is_less_to_compute, 0 }, { its_l2_is_no_part_of_the_loss, 0 },
		{ what_cannot_be_frozen, TEST_ROWS(refused) },
		{ NULL, 0 },
	};
	rnf_conf_dir = "conf";
	return test_run_cases("train/freeze", cases);
}
