/* A run under watch computes the same bits, and sees the op that goes wrong first. */
#include "exec/observe.h"

#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "lib/built.h"
#include "train/step.h"

#define GOOD(call) ck_assert_msg((call) >= 0, "%s", rnf_fail_words())

enum { IMAGES = 6 };

/* On a plan without fusion, its first batch filled in. */
static struct rnf_experiment *start(void)
{
	struct rnf_experiment *e = rnf_alloc(sizeof *e);
	struct rnf_training_step step;
	struct rnf_run run;
	const char *const sets[] = { "threads=2" };
	test_plugins_path();
	rnf_conf_dir = "conf";
	GOOD(rnf_experiment_open(e, "synthetic.cfg", sets, 1));
	GOOD(rnf_model_plan(&e->model, &e->conf, 0, 1));
	GOOD(rnf_model_plan(&e->model, &e->conf, 1, 0));
	GOOD(rnf_experiment_start(e, 1));
	run = rnf_training_run(e);
	run.epoch = run.step = 1;
	rnf_training_step_init(&step, e);
	rnf_training_step(&step, &run, e->data.train, IMAGES, 1);
	return e;
}

static float *gradients(const struct rnf_experiment *e)
{
	const struct rnf_program *p = e->model.programs[1];
	float *all = rnf_alloc((size_t)p->block * sizeof *all);
	for (size_t i = 0; i < p->n_weights; i++)
		if (!p->weights[i].state)
			memcpy(all + p->weights[i].offset,
			       rnf_exec_gradient(e->session.execs[1], &p->weights[i]),
			       (size_t)p->weights[i].size * sizeof *all);
	return all;
}

START_TEST(a_good_run_is_the_same_and_shows_nothing)
{
	struct rnf_experiment *e = start();
	struct rnf_observed observed;
	rnf_exec_run(e->session.execs[1]);
	const float *plain = gradients(e);
	rnf_exec_observe(e->session.execs[1], &observed);
	ck_assert_ptr_null(observed.bad);
	ck_assert_ptr_null(observed.strayed);
	ck_assert_mem_eq(plain, gradients(e), (size_t)e->model.programs[1]->block * sizeof(float));
	rnf_experiment_finish(e);
}
END_TEST

/* Each kernel of a conv in turn: infinite products in that conv and no earlier. */
START_TEST(each_conv_is_seen)
{
	struct rnf_experiment *e = start();
	const struct rnf_program *p = e->model.programs[1];
	int seen = 0;
	for (size_t i = 0; i < p->n_ops; i++) {
		if (strcmp(p->ops[i].row->name, "conv") != 0) continue;
		const struct rnf_model_weight *w =
			&p->weights[p->values[p->ops[i].in[1]].weight];
		float keep[4096];
		struct rnf_observed observed;
		ck_assert_int_le(w->size, 4096);
		memcpy(keep, e->session.weights + w->offset, (size_t)w->size * sizeof *keep);
		for (int64_t k = 0; k < w->size; k++)
			e->session.weights[w->offset + k] = 3e38f;
		rnf_exec_observe(e->session.execs[1], &observed);
		memcpy(e->session.weights + w->offset, keep, (size_t)w->size * sizeof *keep);
		ck_assert_ptr_eq(observed.bad, &p->ops[i]);
		ck_assert_int_gt(rnf_spread_bad(&observed.spread), 0);
		ck_assert_int_eq(observed.spread.count,
				 IMAGES * rnf_value_size(&p->values[p->ops[i].out]));
		seen++;
	}
	ck_assert_int_ge(seen, 5);
	rnf_experiment_finish(e);
}
END_TEST

START_TEST(an_image_is_seen)
{
	struct rnf_experiment *e = start();
	struct rnf_observed observed;
	rnf_exec_value(e->session.execs[1], e->model.programs[1]->input, 4)[17] = -INFINITY;
	rnf_exec_value(e->session.execs[1], e->model.programs[1]->input, 5)[0] = NAN;
	rnf_exec_observe(e->session.execs[1], &observed);
	ck_assert_int_eq(observed.bad->row->class, RNF_INPUT);
	ck_assert_int_eq(observed.image, 4);
	ck_assert_int_eq(observed.spread.nan, 1);
	ck_assert_int_eq(observed.spread.infinite, 1);
	rnf_experiment_finish(e);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		a_good_run_is_the_same_and_shows_nothing, each_conv_is_seen, an_image_is_seen,
		NULL
	};
	return test_run("exec/observe", tests);
}
