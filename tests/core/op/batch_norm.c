/* Batch norm as a run computes it (statistics, coefficients at the barrier, the
 * affine maps and their sums) against golden tensors of PyTorch: in training with
 * all gradients, and in inference. */
#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "exec/exec.h"
#include "graph/graph.h"
#include "lib/golden.h"
#include "lib/plugin.h"
#include "lib/rows.h"

/* As in tests/golden/ops.py. */
#define EPS 2e-5
#define MOMENTUM 0.9
enum { CHANNELS = 7, PIXELS = 120 };

/* Channels near 0, and far from it and from the running mean; with the statistics for
 * inference. */
static const struct {
	const char *name, *fixed, *mean, *variance;
} norms[] = {
	{ "batch_norm", "batch_norm_fixed", "mean_after", "variance_after" },
	{ "batch_norm_far", "batch_norm_far_fixed", "mean_end", "variance_end" },
};

/* The same pixels as images of any size: statistics do not know where one ends.
 * Leaves of the reduction are of four images. */
static const struct { int64_t images, h, w; int fused, threads; } cuts[] = {
	{ 4, 5, 6, 1, 1 }, { 4, 5, 6, 0, 1 }, { 1, 10, 12, 1, 1 },
	{ 120, 1, 1, 1, 3 }, { 24, 5, 1, 0, 2 }, { 15, 2, 4, 1, 2 },
};

/* -- the program: nothing but a batch norm, which is its own logits -- */

static struct rnf_program *program(int training, int64_t h, int64_t w)
{
	struct rnf_builder *b = test_builder(training, h, w, CHANNELS);
	struct rnf_graph *g = &b->graph;
	struct rnf_program *p = b->program;
	const rnf_val gamma = test_weight(g, "gamma", CHANNELS, 0);
	const rnf_val beta = test_weight(g, "beta", CHANNELS, 0);
	const rnf_val mean = test_weight(g, "mean", CHANNELS, 1);
	const rnf_val variance = test_weight(g, "variance", CHANNELS, 1);
	p->logits = g->batch_norm(g, p->input, gamma, beta, mean, variance, EPS, MOMENTUM);
	ck_assert_int_eq(g->status(g), RNF_OK);
	if (!training) return p;
	ck_assert_msg(rnf_graph_differentiate(p) == RNF_OK, "%s", rnf_fail_words());
	/* the plan keeps the loss for its reader: here that is dx */
	p->loss = test_find(p, "affine_bwd");
	return p;
}

/* -- a run -- */

static float *weight_block(const char *name, const char *mean, const char *variance)
{
	const char *const keys[4] = { "gamma", "beta", mean, variance };
	float *block = rnf_alloc(64 * sizeof *block);
	for (int i = 0; i < 4; i++)
		memcpy(block + 16 * i, golden_op(name, keys[i], NULL),
		       CHANNELS * sizeof *block);
	return block;
}

static struct rnf_exec *run_on(const struct rnf_program *p, int cut, int64_t images,
			       const float *x, const float *dy, float *block)
{
	return test_golden_run(&(struct test_golden_run){
		.program = p, .images = images, .fused = cuts[cut].fused,
		.threads = cuts[cut].threads, .x = x, .dy = dy, .weights = block });
}

static struct rnf_exec *run(const struct rnf_program *p, int cut, const char *name,
			    float *block)
{
	ck_assert_int_eq(cuts[cut].images * cuts[cut].h * cuts[cut].w, PIXELS);
	return run_on(p, cut, cuts[cut].images, golden_op(name, "x", NULL),
		      golden_op(name, "dy", NULL), block);
}

static void check_images(const struct rnf_exec *exec, int value, const char *name,
			 const char *key, double tolerance)
{
	const int64_t size = rnf_value_size(&exec->plan->program->values[value]);
	for (int64_t i = 0; i < exec->images; i++)
		golden_check(name, key, rnf_exec_value(exec, value, i), i * size, size,
			     tolerance);
}

/* The running ones, which have taken in the batch's mean and unbiased variance. */
static void check_statistics(const char *name, const char *key, const float *running)
{
	for (int i = 0; i < CHANNELS; i++)
		golden_check(name, key, running + i, i, 1,
			     1e-6 * fmax(1, fabs(0.1 * running[i])));
}

static void check_training(const char *name, int cut)
{
	float *block = weight_block(name, "mean_before", "variance_before");
	const struct rnf_program *p = program(1, cuts[cut].h, cuts[cut].w);
	const struct rnf_exec *exec = run(p, cut, name, block);
	check_images(exec, p->logits, name, "y", 2e-6);
	ck_assert(rnf_exec_is_finite(exec));
	rnf_exec_commit(exec);
	check_statistics(name, "mean_after", block + 32);
	check_statistics(name, "variance_after", block + 48);
	golden_check(name, "dgamma", rnf_exec_gradient(exec, &p->weights[0]), 0, CHANNELS,
		     2e-5);
	golden_check(name, "dbeta", rnf_exec_gradient(exec, &p->weights[1]), 0, CHANNELS,
		     2e-5);
	check_images(exec, p->loss, name, "dx", 2e-6);
}

START_TEST(training_is_golden)
{
	for (int i = 0; i < TEST_ROWS(norms); i++)
		check_training(norms[i].name, _i);
}
END_TEST

START_TEST(inference_is_golden)
{
	const struct rnf_program *p = program(0, cuts[_i].h, cuts[_i].w);
	for (int i = 0; i < TEST_ROWS(norms); i++) {
		float *block = weight_block(norms[i].name, norms[i].mean, norms[i].variance);
		const struct rnf_exec *exec = run(p, _i, norms[i].name, block);
		check_images(exec, p->logits, norms[i].fixed, "y", 2e-6);
	}
}
END_TEST

/* Counts by which sums of squares do not stay exact in double: rounding makes some of the
 * variances less than 0, by more than what is added to them. */
static const int64_t counts[] = { 117, 113, 97 };

START_TEST(equal_pixels_have_no_variance)
{
	static const float levels[CHANNELS] = { 0, -1234567, 8781687, 8786603, 8792657,
						-999999.9f, 16777213 };
	enum { PIXEL = 3 }; /* the cut of images that are one */
	static float x[PIXELS * CHANNELS];
	float *block = weight_block("batch_norm", "mean_before", "variance_before");
	const struct rnf_program *p = program(1, 1, 1);
	for (int i = 0; i < PIXELS * CHANNELS; i++)
		x[i] = levels[i % CHANNELS];
	const struct rnf_exec *exec = run_on(p, PIXEL, counts[_i], x,
					     golden_op("batch_norm", "dy", NULL), block);
	for (int64_t i = 0; i < exec->images; i++)
		for (int64_t k = 0; k < CHANNELS; k++) {
			ck_assert_double_eq_tol(rnf_exec_value(exec, p->logits, i)[k],
						block[16 + k], 1e-4);
			ck_assert(isfinite(rnf_exec_value(exec, p->loss, i)[k]));
		}
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ training_is_golden, TEST_ROWS(cuts) },
		{ inference_is_golden, TEST_ROWS(cuts) },
		{ equal_pixels_have_no_variance, TEST_ROWS(counts) },
		{ NULL, 0 },
	};
	return test_run_cases("batch_norm", cases);
}
