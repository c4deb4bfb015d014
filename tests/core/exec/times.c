/* A run with timers on computes the same bits, and its tables tell of all the
 * work of all the threads. */
#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "exec/times.h"
#include "lib/built.h"
#include "train/eval.h"
#include "train/step.h"

#define GOOD(call) ck_assert_msg((call) >= 0, "%s", rnf_fail_words())

enum { IMAGES = 11, STEPS = 3 }; /* a leaf that is not full, one thread more busy */

static const int threads[] = { 1, 2, 3 };

static struct rnf_experiment *start(int n)
{
	struct rnf_experiment *e = rnf_alloc(sizeof *e);
	const char *const sets[] = { rnf_format("threads=%d", n), "train.batch_size=16" };
	test_plugins_path();
	rnf_conf_dir = "conf";
	GOOD(rnf_experiment_open(e, "synthetic.cfg", sets, 2));
	GOOD(rnf_experiment_build(e, 1));
	return e;
}

/* Returns the seconds that the executor had at most. */
static double train(struct rnf_experiment *e)
{
	struct rnf_training_step step;
	struct rnf_run run = rnf_training_run(e);
	double seconds = 0;
	rnf_training_step_init(&step, e);
	run.epoch = 1;
	for (run.step = 1; run.step <= STEPS; run.step++) {
		const struct rnf_step_seconds s =
			rnf_training_step(&step, &run, e->data.train, IMAGES, 1);
		ck_assert(s.input > 0 && s.input < s.whole);
		seconds += s.whole - s.input;
	}
	return seconds;
}

START_TEST(timers_change_no_bit)
{
	struct rnf_experiment *plain = start(threads[_i]), *timed = start(threads[_i]);
	ck_assert_ptr_null(plain->session.execs[1]->workers[0].times);
	rnf_exec_time(timed->session.execs[1]);
	train(plain);
	train(timed);
	ck_assert_mem_eq(plain->session.weights, timed->session.weights,
			 (size_t)plain->model.programs[0]->block * sizeof(float));
	rnf_experiment_finish(plain);
	rnf_experiment_finish(timed);
}
END_TEST

static struct rnf_cost sum(const struct rnf_costs *costs)
{
	struct rnf_cost all = { 0 };
	for (size_t i = 0; i < costs->n; i++) {
		const struct rnf_cost *c = &costs->at[i];
		ck_assert_msg(c->seconds >= 0 && c->calls > 0, "%s", c->name);
		all.seconds += c->seconds;
		all.calls += c->calls;
		all.operations += c->operations;
		all.bytes += c->bytes;
	}
	return all;
}

static void same(const struct rnf_cost *a, const struct rnf_cost *b)
{
	ck_assert_double_eq_tol(a->seconds, b->seconds, 1e-9 * a->seconds);
	ck_assert_double_eq_tol(a->calls, b->calls, 1e-6);
	ck_assert_double_eq_tol(a->operations, b->operations, 1e-6);
	ck_assert_double_eq_tol(a->bytes, b->bytes, 1e-6);
}

static const struct rnf_cost *find(const struct rnf_costs *costs, const char *name)
{
	for (size_t i = 0; i < costs->n; i++)
		if (!strcmp(costs->at[i].name, name)) return &costs->at[i];
	ck_abort_msg("there is no row \"%s\"", name);
}

static double operations_of(const struct rnf_program *p)
{
	double n = 0;
	for (size_t i = 0; i < p->n_ops; i++)
		n += 2.0 * (double)rnf_op_macs(p, &p->ops[i]);
	return n;
}

START_TEST(tables_tell_of_all_work)
{
	struct rnf_experiment *e = start(threads[_i]);
	struct rnf_cost_sums sums = { 0 };
	const int n = rnf_threads_count(e->session.threads);
	rnf_exec_time(e->session.execs[1]);
	const double seconds = train(e);
	rnf_exec_costs(e->session.execs[1], STEPS, &sums);
	const struct rnf_cost kinds = sum(&sums.kinds), phases = sum(&sums.phases);
	const struct rnf_cost layers = sum(&sums.layers);
	same(&kinds, &phases);
	same(&kinds, &layers);
	/* each thread's whole time, but for the optimizer's */
	ck_assert_double_gt(STEPS * kinds.seconds, 0.1 * n * seconds);
	ck_assert_double_le(STEPS * kinds.seconds, (1 + 1e-6) * n * seconds);
	ck_assert_double_eq_tol(kinds.operations, IMAGES * operations_of(e->model.programs[1]), 1);
	ck_assert_double_eq_tol(find(&sums.kinds, "conv 3x3/2 8->16 at 8x8")->calls,
				IMAGES, 1e-9);
	ck_assert_double_eq_tol(find(&sums.kinds, "waiting at barriers")->calls,
				n * (2.0 + (double)e->model.plans[1]->n_phases), 1e-9);
	ck_assert_uint_eq(sums.phases.n, e->model.plans[1]->n_phases + 1);
	find(&sums.layers, "stem_conv");
	rnf_experiment_finish(e);
}
END_TEST

/* In inference only the images and the logits lie in the arena; each is touched
 * by one step, once an image. */
START_TEST(bytes_are_those_of_the_arena)
{
	struct rnf_experiment *e = start(1);
	struct rnf_cost_sums sums = { 0 };
	rnf_evaluation_fill(&e->session, &e->data, RNF_SPLIT_TRAIN, NULL, 0, IMAGES);
	rnf_exec_time(e->session.execs[0]);
	rnf_exec_run(e->session.execs[0]);
	rnf_exec_costs(e->session.execs[0], 1, &sums);
	const int64_t *hwc = e->model.hwc;
	const int64_t floats = hwc[0] * hwc[1] * hwc[2] + e->model.classes;
	ck_assert_double_eq_tol(sum(&sums.kinds).bytes, (double)(4 * IMAGES * floats), 1e-6);
	rnf_experiment_finish(e);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ timers_change_no_bit, TEST_ROWS(threads) },
		{ tables_tell_of_all_work, TEST_ROWS(threads) },
		{ bytes_are_those_of_the_arena, 0 },
		{ NULL, 0 },
	};
	return test_run_cases("exec/times", cases);
}
