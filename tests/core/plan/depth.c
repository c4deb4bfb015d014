/* Depths with more weights than a cache holds are cut into phases, and compute the same. */
#include <stdio.h>

#include "lib/experiment.h"
#include "lib/plugin.h"
#include "plan/planner.h"

/* 34 MB of weights and no sum over the batch: a single depth, forward and backward. */
#define WIDE "convnext_pico_cifar.cfg"
enum { WEIGHTS_MAX = 1 << 18 };

static struct rnf_experiment *planned(int fused, const char *threads)
{
	const char *const sets[] = { "data.type=synthetic", "data.images=16", "data.test_images=8",
				     "data.height=32", "data.width=32", "data.channels=3",
				     "data.validation=0", "train.batch_size=6", threads };
	return test_planned(WIDE, fused, sets, TEST_ROWS(sets));
}

/* Floats of weights and of their gradients that a task of a conv or matmul touches. */
static int64_t weights_of(const struct rnf_program *p, const struct rnf_task *task)
{
	int64_t floats = 0;
	if (task->chain || task->move) return 0;
	for (int i = 0; i < task->op->n_in; i++) {
		const struct rnf_value *x = &p->values[task->op->in[i]];
		if (x->domain != RNF_IMAGE) floats += rnf_value_size(x);
	}
	return floats + (task->reduction >= 0 ? rnf_value_size(&p->values[task->op->out]) : 0);
}

/* A phase with more than fits has a single task that touches weights. */
static void check_phase(const struct rnf_program *p, const struct rnf_phase *phase)
{
	int64_t floats = 0;
	int touching = 0;
	for (size_t i = 0; i < phase->n_tasks; i++) {
		const int64_t n = weights_of(p, &phase->tasks[i]);
		floats += n;
		touching += n > 0;
	}
	ck_assert_msg(floats <= WEIGHTS_MAX || touching == 1, "%d tasks share %lld floats", touching,
		      (long long)floats);
	ck_assert_uint_gt(phase->n_tasks, 0);
}

START_TEST(weights_of_a_phase_fit_into_a_cache)
{
	struct rnf_experiment *e = planned(1, "threads=1");
	for (int training = 0; training < 2; training++) {
		const struct rnf_plan *plan = e->model.plans[training];
		ck_assert_uint_gt(plan->n_phases, 20);
		for (size_t i = 0; i < plan->n_phases; i++)
			check_phase(plan->program, &plan->phases[i]);
	}
	rnf_experiment_finish(e);
}
END_TEST

START_TEST(phases_of_one_depth_compute_what_op_by_op_does)
{
	struct rnf_experiment *phased = planned(1, "threads=1"), *oracle = planned(0, "threads=1"),
			      *threads = planned(1, "threads=3");
	const double loss = test_step(phased);
	ck_assert_double_eq_tol(loss, test_step(oracle), 1e-6 * loss);
	ck_assert_double_lt(test_distance(oracle, phased), 1e-5);
	ck_assert_double_eq(loss, test_step(threads));
	ck_assert_double_eq(test_distance(threads, phased), 0);
	rnf_experiment_finish(phased);
	rnf_experiment_finish(oracle);
	rnf_experiment_finish(threads);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ weights_of_a_phase_fit_into_a_cache, 0 },
		{ phases_of_one_depth_compute_what_op_by_op_does, 0 },
		{ NULL, 0 },
	};
	return test_run_cases("plan/depth", cases);
}
