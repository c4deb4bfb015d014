/* A norm behind a convolution whose bias lies far from the running mean: the first step's
 * loss and gradients are as near to float64's as PyTorch's are in float32
 * (tests/golden/norm_far.py), whatever the plan, the threads and the instruction set. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/status.h"
#include "lib/experiment.h"
#include "lib/golden.h"
#include "lib/plugin.h"

/* As in norm_far.py. */
enum { IMAGES = 16, PIXELS = 64, CHANNELS = 3, CLASSES = 5 };

static const char conf[] =
	"name = \"norm_far\"; seed = 1; backend = \"native\";\n"
	"model = { norm = \"batchnorm\"; act = \"mish\"; initializer = \"he_normal\"; layers = (\n"
	"{ type = \"conv2d\"; name = \"conv\"; kernel = 1; filters = 8; bias = true; },\n"
	"{ type = \"batchnorm\"; name = \"norm\"; eps = 1e-3; }, { type = \"act\"; },\n"
	"{ type = \"global_avgpool\"; }, { type = \"dense\"; name = \"dense\"; } ); };\n"
	"data = { type = \"synthetic\"; images = 16; test_images = 1; classes = 5;\n"
	"height = 8; width = 8; channels = 3; validation = 0.0; };\n"
	"train = { batch_size = 16; metrics = ( \"accuracy\" ); scheduler = \"constant\";\n"
	"loss = \"crossentropy\"; optimizer = \"sgd\"; };\n";

static const char *const biases[] = { "near", "100", "1000", "10000", "minus_10000", "mixed" };

static const struct {
	const char *isa, *precision, *threads;
	int fused;
} ways[] = {
	{ "portable", "fp32", "1", 1 }, { "portable", "fp32", "1", 0 },
	{ "avx2", "fp32", "2", 1 },     { "avx512", "fp32", "3", 1 },
	{ "avx512bf16", "bf16", "1", 1 },
};

static float target[IMAGES * CLASSES];

static const float *golden(const char *bias, const char *name, const char *suffix)
{
	char path[64];
	snprintf(path, sizeof path, "%s%s%s%s", bias, *bias ? "/" : "", name, suffix);
	return golden_tensor("norm_far.safetensors", path, NULL, NULL);
}

static int runs_here(const char *isa)
{
	return !strcmp(isa, "portable") ||
	       (!strcmp(isa, "avx2") && __builtin_cpu_supports("avx2")) ||
	       (!strcmp(isa, "avx512") && __builtin_cpu_supports("avx512vl")) ||
	       (!strcmp(isa, "avx512bf16") && __builtin_cpu_supports("avx512bf16"));
}

static struct rnf_experiment *create(int way)
{
	char path[512], threads[32], precision[32];
	snprintf(threads, sizeof threads, "threads=%s", ways[way].threads);
	snprintf(precision, sizeof precision, "precision=%s", ways[way].precision);
	const char *const sets[] = { threads, precision };
	FILE *file = test_conf_file(path);
	fputs(conf, file);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_int_eq(setenv("RNF_ISA", ways[way].isa, 1), 0);
	struct rnf_experiment *e = test_planned(path, ways[way].fused, sets, 2);
	unsetenv("RNF_ISA");
	unlink(path);
	return e;
}

/* The bias is the case's; running statistics stay at 0 and 1. */
static void take_weights(struct rnf_experiment *e, const char *bias)
{
	for (size_t i = 0; i < e->model.programs[1]->n_weights; i++) {
		const struct rnf_model_weight *w = &e->model.programs[1]->weights[i];
		if (w->state) continue;
		const int is_bias = !strcmp(w->name, "conv/bias");
		memcpy(e->session.weights + w->offset, golden(is_bias ? bias : "", w->name, ""),
		       (size_t)w->size * sizeof(float));
	}
}

static double loss_of(struct rnf_experiment *e, const char *bias)
{
	struct rnf_exec *x = e->session.execs[1];
	const float *images = golden("", "images", ""), *labels = golden("", "labels", "");
	double sum = 0;
	take_weights(e, bias);
	memset(target, 0, sizeof target);
	for (int64_t i = 0; i < IMAGES; i++) {
		memcpy(rnf_exec_value(x, e->model.programs[1]->input, i),
		       images + i * PIXELS * CHANNELS, PIXELS * CHANNELS * sizeof *images);
		target[i * CLASSES + (int64_t)labels[i]] = 1;
	}
	x->images = IMAGES;
	x->target = target;
	rnf_exec_run(x);
	for (int64_t i = 0; i < IMAGES; i++)
		sum += *rnf_exec_value(x, e->model.programs[1]->loss, i);
	return sum / IMAGES;
}

/* Of the largest element, relative to it, as norm_far.py has it. */
static double error_of(const float *got, const float *right, int64_t n)
{
	double most = 0;
	for (int64_t i = 0; i < n; i++)
		if (!(fabs((double)got[i] - right[i]) <= most))
			most = fabs((double)got[i] - right[i]);
	return most / test_largest(right, n);
}

/* The error may be PyTorch's, and that of sums in another order where there is no other. */
static void check_gradients(const struct rnf_experiment *e, const char *bias)
{
	for (size_t i = 0; i < e->model.programs[1]->n_weights; i++) {
		const struct rnf_model_weight *w = &e->model.programs[1]->weights[i];
		if (w->state || !strcmp(w->name, "conv/bias")) continue;
		const double error = error_of(rnf_exec_gradient(e->session.execs[1], w),
					      golden(bias, w->name, ""), w->size);
		const double allowed = *golden(bias, w->name, "/error") + 2e-6;
		ck_assert_msg(error <= allowed, "%s, bias %s: error %g, allowed %g", w->name,
			      bias, error, allowed);
	}
}

START_TEST(a_far_bias_costs_no_more_than_its_rounding)
{
	if (!runs_here(ways[_i].isa)) return;
	const int narrow = !strcmp(ways[_i].precision, "bf16");
	struct rnf_experiment *e = create(_i);
	for (int i = 0; i < TEST_ROWS(biases); i++) {
		const double loss = loss_of(e, biases[i]), right = *golden(biases[i], "loss", "");
		const double error = fabs(loss - right) / right;
		const double allowed = *golden(biases[i], "loss", "/error") +
				       (narrow ? 2e-3 : 1e-6);
		ck_assert_msg(error <= allowed, "bias %s: loss %g, not %g: error %g, allowed %g",
			      biases[i], loss, right, error, allowed);
		if (!narrow) check_gradients(e, biases[i]);
	}
	rnf_experiment_finish(e);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ a_far_bias_costs_no_more_than_its_rounding, TEST_ROWS(ways) },
		{ NULL, 0 },
	};
	return test_run_cases("norm_far", cases);
}
