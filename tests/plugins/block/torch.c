/* Layers and blocks inside of a small model: logits, loss and the gradients of all weights are
 * PyTorch's in float64 (tests/golden/blocks.py), whatever the plan, the instruction set and the
 * threads, and the same bits for any number of these. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "lib/experiment.h"
#include "lib/golden.h"
#include "lib/plugin.h"

/* As in blocks.py; a leaf of images and one more, fewer than a batch has. */
enum { IMAGES = 5, CLASSES = 5, THREADS = 4 };

#define CONVNEXT "type = \"convnext\"; scale = 0.5; "
#define EVEN "type = \"shake_shake\"; forward = \"even\"; backward = \"even\"; "
#define STANDARDIZED "type = \"conv2d\"; standardize = \"yes\"; "
#define PYRAMID(repeat, words, stride) "type = \"stage\"; repeat = " #repeat "; stride = " \
	#stride "; block = { type = \"pyramid\"; " words " }; "

/* `folds`: the inference graph is another one, whose logits are in the golden file. */
static const struct { const char *name, *subject; int folds; } cases[] = {
	{ "upsample", "type = \"upsample\"; ", 0 },
	{ "upsample_3", "type = \"upsample\"; factor = 3; ", 0 },
	{ "upsample_pixel", "type = \"upsample\"; ", 0 },
	{ "pixel_shuffle", "type = \"pixel_shuffle\"; ", 0 },
	{ "pixel_shuffle_3", "type = \"pixel_shuffle\"; factor = 3; ", 0 },
	{ "pixel_shuffle_pixel", "type = \"pixel_shuffle\"; ", 0 },
	{ "blurpool", "type = \"blurpool\"; ", 0 },
	{ "blurpool_even", "type = \"blurpool\"; ", 0 },
	{ "blurpool_row", "type = \"blurpool\"; stride = 1; ", 0 },
	{ "blurpool_pixel", "type = \"blurpool\"; ", 0 },
	{ "pad_channels", "type = \"pad_channels\"; filters = 12; ", 0 },
	{ "attention", "type = \"attention\"; heads = 3; ", 0 },
	{ "attention_one", "type = \"attention\"; ", 0 },
	{ "attention_pixel", "type = \"attention\"; ", 0 },
	{ "convnext", CONVNEXT "filters = 12; ", 0 },
	{ "convnext_down", CONVNEXT "filters = 12; stride = 2; ratio = 2; ", 0 },
	{ "convnext_even", CONVNEXT "filters = 33; stride = 2; kernel = 3; ratio = 1; ", 0 },
	{ "convnext_pixel", CONVNEXT "filters = 33; kernel = 3; ratio = 1; ", 0 },
	{ "pyramid", PYRAMID(3, "from = 3; to = 12;", 2), 0 },
	{ "pyramid_even", PYRAMID(2, "from = 12; to = 17;", 2), 0 },
	{ "pyramid_same", PYRAMID(2, "from = 12; to = 12;", 1), 0 },
	{ "shift", "type = \"shift\"; rows = 2; columns = -1; ", 0 },
	{ "shake_shake", EVEN "filters = 12; stride = 2; ", 0 },
	{ "shake_shake_even", EVEN "filters = 9; stride = 2; ", 0 },
	{ "shake_shake_same", EVEN "filters = 12; ", 0 },
	{ "standardized", STANDARDIZED "filters = 12; ", 0 },
	{ "standardized_gain", STANDARDIZED "filters = 33; stride = 2; gain = true; ", 0 },
	{ "standardized_groups",
	  STANDARDIZED "filters = 12; groups = 12; gain = true; eps = 0.1; ", 0 },
	{ "standardized_pixel", STANDARDIZED "filters = 1; kernel = 1; gain = true; ", 0 },
	{ "repvgg", "type = \"repvgg\"; filters = 12; ", 1 },
	{ "repvgg_down", "type = \"repvgg\"; filters = 12; stride = 2; ", 1 },
	{ "repvgg_even", "type = \"repvgg\"; filters = 9; stride = 2; groups = 3; ", 1 },
	{ "repvgg_groups", "type = \"repvgg\"; filters = 12; groups = 4; ", 1 },
	{ "repvgg_one", "type = \"repvgg\"; filters = 1; ", 1 },
};

static const char conf_text[] =
	"name = \"blocks\"; seed = 1; backend = \"native\";\n"
	"model = { norm = { type = \"batchnorm\"; eps = 1e-3; }; act = \"mish\";\n"
	"initializer = \"he_normal\"; layers = (\n"
	"{ type = \"conv2d\"; name = \"stem\"; filters = %d; bias = true; }, { type = \"act\"; },\n"
	"{ name = \"subject\"; %s}, { type = \"act\"; },\n"
	"{ type = \"conv2d\"; name = \"head\"; filters = 4; }, { type = \"global_avgpool\"; },\n"
	"{ type = \"dense\"; name = \"dense\"; } ); };\n"
	"data = { type = \"synthetic\"; images = 12; test_images = 1; classes = 5;\n"
	"height = %d; width = %d; channels = 3; validation = 0.0; };\n"
	"train = { batch_size = 8; metrics = ( \"accuracy\" ); scheduler = \"constant\";\n"
	"loss = \"crossentropy\"; optimizer = \"sgd\"; };\n";

static float target[IMAGES * CLASSES];

static const float *golden(int i, const char *prefix, const char *name, int64_t shape[8])
{
	char path[128];
	snprintf(path, sizeof path, "%s/%s%s", cases[i].name, prefix, name);
	return golden_tensor("blocks.safetensors", path, shape, NULL);
}

static struct rnf_experiment *create(int i, int fused, const char *threads, const char *precision)
{
	char path[512], set[2][32];
	int64_t images[8], stem[8];
	const char *const sets[] = { set[0], set[1] };
	golden(i, "", "images", images);
	golden(i, "", "stem/kernel", stem);
	snprintf(set[0], sizeof set[0], "threads=%s", threads);
	snprintf(set[1], sizeof set[1], "precision=%s", precision);
	FILE *file = test_conf_file(path);
	fprintf(file, conf_text, (int)stem[3], cases[i].subject, (int)images[1], (int)images[2]);
	ck_assert_int_eq(fclose(file), 0);
	struct rnf_experiment *e = test_planned(path, fused, sets, 2);
	unlink(path);
	return e;
}

static void run(int i, struct rnf_experiment *e, int training)
{
	struct rnf_exec *x = e->session.execs[training];
	const struct rnf_program *p = e->model.programs[training];
	const int64_t size = rnf_value_size(&p->values[p->input]);
	const float *images = golden(i, "", "images", NULL), *labels = golden(i, "", "labels", NULL);
	for (size_t k = 0; k < p->n_weights; k++) {
		const struct rnf_model_weight *w = &p->weights[k];
		if (!w->state || !training)
			memcpy(e->session.weights + w->offset, golden(i, "", w->name, NULL),
			       (size_t)w->size * sizeof(float));
	}
	memset(target, 0, sizeof target);
	for (int64_t k = 0; k < IMAGES; k++) {
		memcpy(rnf_exec_value(x, p->input, k), images + k * size,
		       (size_t)size * sizeof *images);
		target[k * CLASSES + (int64_t)labels[k]] = 1;
	}
	x->images = IMAGES;
	x->target = target;
	rnf_exec_run(x);
}

/* Of the largest element, relative to it. */
static void check(int i, const char *name, const float *got, const float *right, int64_t n,
		  float scale, float tolerance)
{
	for (int64_t k = 0; k < n; k++)
		ck_assert_msg(fabsf(got[k] - right[k]) <= tolerance * scale,
			      "%s: %s[%lld] is %.9g, not %.9g, largest %g", cases[i].name, name,
			      (long long)k, (double)got[k], (double)right[k], (double)scale);
}

static void check_logits(int i, const char *name, const struct rnf_exec *x, float tolerance)
{
	const float *logits = golden(i, "", name, NULL);
	for (int64_t k = 0; k < IMAGES; k++)
		check(i, name, rnf_exec_value(x, x->plan->program->logits, k),
		      logits + k * CLASSES, CLASSES, test_largest(logits, IMAGES * CLASSES),
		      tolerance);
}

/* A bias in front of a norm has a gradient of 0 but for rounding: hence not by its own size
 * alone. */
static void check_all(int i, const struct rnf_experiment *e, float tolerance)
{
	const struct rnf_program *p = e->model.programs[1];
	check_logits(i, "logits", e->session.execs[1], tolerance);
	for (size_t k = 0; k < p->n_weights; k++) {
		const struct rnf_model_weight *w = &p->weights[k];
		if (w->state) continue;
		const float *right = golden(i, "d", w->name, NULL);
		check(i, w->name, rnf_exec_gradient(e->session.execs[1], w), right, w->size,
		      test_largest(right, w->size) + 1e-2f, tolerance);
	}
}

START_TEST(logits_and_gradients_are_those_of_float64)
{
	for (int fused = 0; fused < 2; fused++) {
		struct rnf_experiment *e = create(_i, fused, "1", "fp32");
		run(_i, e, 1);
		check_all(_i, e, 1e-5f);
		rnf_experiment_finish(e);
	}
}
END_TEST

static void check_bits(int i, const struct rnf_experiment *a, const struct rnf_experiment *b)
{
	for (size_t k = 0; k < a->model.programs[1]->n_weights; k++) {
		const struct rnf_model_weight *w = &a->model.programs[1]->weights[k];
		if (w->state) continue;
		ck_assert_msg(!memcmp(rnf_exec_gradient(a->session.execs[1], w),
				      rnf_exec_gradient(b->session.execs[1],
							&b->model.programs[1]->weights[k]),
				      (size_t)w->size * sizeof(float)),
			      "%s: another gradient of %s", cases[i].name, w->name);
	}
}

START_TEST(threads_change_no_bit)
{
	static const char *const threads[THREADS] = { "1", "2", "3", "4" };
	struct rnf_experiment *e[THREADS];
	for (int t = 0; t < THREADS; t++) {
		e[t] = create(_i, 1, threads[t], "fp32");
		run(_i, e[t], 1);
		check_bits(_i, e[0], e[t]);
	}
	for (int t = 0; t < THREADS; t++)
		rnf_experiment_finish(e[t]);
}
END_TEST

/* Also where the weights have changed after it ran. */
START_TEST(what_folds_infers_what_float64_does)
{
	if (!cases[_i].folds) return;
	struct rnf_experiment *e = create(_i, 1, _i % 2 ? "1" : "3", "fp32");
	e->session.execs[0]->images = 1;
	rnf_exec_run(e->session.execs[0]);
	e->session.execs[0]->stale = 1;
	run(_i, e, 0);
	check_logits(_i, "inferred", e->session.execs[0], 1e-5f);
	rnf_experiment_finish(e);
}
END_TEST

START_TEST(stored_in_bf16_they_are_near)
{
	if (!__builtin_cpu_supports("avx512bf16")) return;
	struct rnf_experiment *e = create(_i, 1, "2", "bf16");
	run(_i, e, 1);
	check_all(_i, e, 5e-2f);
	rnf_experiment_finish(e);
}
END_TEST

int main(void)
{
	const struct test_case all[] = {
		{ logits_and_gradients_are_those_of_float64, TEST_ROWS(cases) },
		{ threads_change_no_bit, TEST_ROWS(cases) },
		{ what_folds_infers_what_float64_does, TEST_ROWS(cases) },
		{ stored_in_bf16_they_are_near, TEST_ROWS(cases) },
		{ NULL, 0 },
	};
	return test_run_cases("plugins/block/torch", all);
}
