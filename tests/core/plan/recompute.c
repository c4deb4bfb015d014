/* train.recompute = "sums": less memory, the same gradients. */
#include <math.h>
#include <stdio.h>

#include "lib/experiment.h"
#include "lib/plugin.h"
#include "lib/sanitizer.h"

#define SUMS "train.recompute=sums"
#define ACTIVATIONS "train.recompute=activations"

/* How many sums are made again, and what the arena may have of the one with all. A conv
 * whose output nobody else keeps leaves its sum where it is. */
static const struct {
	const char *conf;
	int sums;
	double memory;
} confs[] = {
	{ "se_mxresnet20.cfg", 6, 0.85 }, { "xresnet20.cfg", 0, 1 },
	{ "se_mxresnext29_16x2d.cfg", 6, 0.88 }, { "densenet40_k12.cfg", 0, 0.35 },
};

static double memory_of(const struct rnf_experiment *a, const struct rnf_experiment *b)
{
	return (double)a->model.plans[1]->arena / (double)b->model.plans[1]->arena;
}

static void check(int conf, const char *precision, double loss, double gradients)
{
	struct rnf_experiment *all =
		test_experiment(confs[conf].conf, NULL, NULL, precision, ACTIVATIONS);
	struct rnf_experiment *less =
		test_experiment(confs[conf].conf, NULL, NULL, precision, SUMS);
	const double memory = memory_of(less, all);
	ck_assert_double_le(fabs(test_step(less) / test_step(all) - 1), loss);
	const double far = test_distance(all, less);
	printf("%s, %s: arena %.3f, gradients differ by %.4f\n", confs[conf].conf, precision,
	       memory, far);
	ck_assert_double_le(memory, confs[conf].memory);
	ck_assert_double_le(far, gradients);
	rnf_experiment_finish(all);
	rnf_experiment_finish(less);
}

START_TEST(sums_made_again_change_no_bit)
{
	check(_i, "precision=fp32", 0, 0);
}
END_TEST

START_TEST(in_bf16_they_are_of_rounded_terms)
{
	check(_i, "precision=bf16", 0.01, 0.2);
}
END_TEST

/* The sum after one that is made again is kept, or all would be made from the first. */
START_TEST(no_sum_is_made_from_one_made_again)
{
	struct rnf_experiment *e =
		test_experiment(confs[_i].conf, NULL, NULL, SUMS, "threads=1");
	const struct rnf_program *p = e->model.programs[1];
	int again = 0;
	for (size_t i = 0; i < p->n_ops; i++) {
		const struct rnf_op *op = &p->ops[i];
		if (op->row != &rnf_op_row_add || op->out >= p->loss) continue;
		again += !e->model.plans[1]->stored[op->out];
		for (int j = 0; j < op->n_in && !e->model.plans[1]->stored[op->out]; j++)
			ck_assert(rnf_op_of(p, op->in[j])->row != &rnf_op_row_add ||
				  e->model.plans[1]->stored[op->in[j]]);
	}
	ck_assert_int_eq(again, confs[_i].sums);
	rnf_experiment_finish(e);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ sums_made_again_change_no_bit, test_few(TEST_ROWS(confs), 1) },
		{ in_bf16_they_are_of_rounded_terms, test_few(TEST_ROWS(confs), 1) },
		{ no_sum_is_made_from_one_made_again, test_few(TEST_ROWS(confs), 1) },
		{ NULL, 0 },
	};
	return test_run_cases("plan/recompute", cases);
}
