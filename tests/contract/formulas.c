/* What layers and blocks say that they compute (formula.h), against what they do: in a small
 * model of each, all ops of its inference as exports see them give the numbers of the plan. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "graph/graph.h"
#include "lib/built.h"
#include "lib/interpret.h"
#include "lib/program.h"
#include "lib/rows.h"
#include "train/setup.h"

#define GOOD(call) ck_assert_msg((call) >= 0, "%s: %s", subject, rnf_fail_words())

enum { IMAGES = 2 };

static char subject[160]; /* the plugin under test, for messages */

/* Layers that say more with other settings, or take something else than the images in front. */
static const char *const more[] = {
	"{ type = \"groupnorm\"; groups = 4; }",
	"{ type = \"groupnorm\"; groups = 1; }",
	"{ type = \"attention\"; heads = 4; }",
	"{ type = \"global_avgpool\"; }, { type = \"attention\"; heads = 4; }",
	"{ type = \"shift\"; rows = 2; columns = -3; }",
	"{ type = \"shift\"; rows = -20; columns = 1; }",
	"{ type = \"upsample\"; factor = 3; }",
	"{ type = \"pixel_shuffle\"; factor = 4; }",
	"{ type = \"pad_channels\"; filters = 37; }",
	"{ type = \"blurpool\"; stride = 3; }",
	"{ type = \"maxpool\"; size = 9; stride = 9; padding = \"same\"; }, { type = \"blurpool\"; }",
	"{ type = \"eca\"; kernel = 1; }",
	"{ type = \"eca\"; kernel = 101; }",
	"{ type = \"cbam\"; ratio = 2; kernel = 3; }",
	"{ type = \"conv2d\"; filters = 1; }, { type = \"cbam\"; }, { type = \"layernorm\"; }",
	"{ type = \"conv2d\"; filters = 1; }, { type = \"eca\"; }, { type = \"attention\"; }",
	"{ type = \"prelu\"; shared = true; }",
	"{ type = \"activation\"; function = { type = \"softplus\"; threshold = 1.0; beta = 0.5; }; }",
	"{ type = \"swish\"; shared = false; }",
	"{ type = \"conv2d\"; filters = 8; border = \"reflect\"; standardize = \"yes\"; }",
	"{ type = \"avgpool\"; size = 3; stride = 2; border = \"edge\"; }",
};

static const char *write_conf(const char *layers)
{
	const char *path = rnf_format("%s/model.cfg", test_folder("formulas"));
	FILE *file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fprintf(file, "%s%s%s", test_built_head, layers, test_built_tail);
	ck_assert_int_eq(fclose(file), 0);
	return path;
}

/* -1: the graph refuses the layers. */
static rnf_status build(struct rnf_experiment *e, const char *layers)
{
	GOOD(rnf_config_read(&e->conf, write_conf(layers), NULL, 0));
	GOOD(rnf_experiment_shapes(e));
	return rnf_model_graph(&e->model, &e->conf, 0);
}

/* -- numbers -- */

static float draw(void)
{
	static uint32_t state = 1;
	state = state * 1664525u + 1013904223u;
	return (float)(state >> 8) / (float)(1 << 24) - 0.5f;
}

/* Kernels that keep the size of numbers; the rest is around 1: none of it may be 0. */
static float *draw_weights(const struct rnf_program *p)
{
	float *block = rnf_alloc((size_t)p->block * sizeof *block);
	for (size_t i = 0; i < p->n_weights; i++) {
		const struct rnf_model_weight *w = &p->weights[i];
		const int64_t fan_in = w->size / w->shape[w->rank - 1];
		const float by = sqrtf(12.0f / (float)fan_in);
		for (int64_t k = 0; k < w->size; k++)
			block[w->offset + k] = w->rank > 1 ? by * draw() : 1 + draw();
	}
	return block;
}

static const struct rnf_named_tensor *tensors_of(const struct rnf_program *p, float *block)
{
	struct rnf_named_tensor *to = rnf_alloc(p->n_weights * sizeof *to);
	for (size_t i = 0; i < p->n_weights; i++) {
		const struct rnf_model_weight *w = &p->weights[i];
		to[i] = (struct rnf_named_tensor){ .name = w->name, .rank = w->rank,
						   .data = block + w->offset };
		memcpy(to[i].shape, w->shape, sizeof w->shape);
	}
	return to;
}

/* -- both sides -- */

static void compare(const struct rnf_export_op *op, int64_t n, const double *want, const float *got)
{
	double largest = 1;
	for (int64_t i = 0; i < n; i++)
		largest = fmax(largest, fabs(want[i]));
	for (int64_t i = 0; i < n; i++)
		ck_assert_msg(fabs(want[i] - (double)got[i]) <= 2e-5 * largest,
			      "%s: %s of %s: element %lld is %.7g, by its formula %.7g", subject,
			      op->call, op->label, (long long)i, (double)got[i], want[i]);
}

/* [op][image][size], of a plan in which phase i is op i. */
static void keep(struct rnf_exec *exec)
{
	float **kept = exec->look_arg;
	const struct rnf_op *op = &exec->plan->program->ops[exec->phase];
	const struct rnf_value *y = &exec->plan->program->values[op->out];
	const int64_t size = rnf_value_size(y);
	if (y->domain != RNF_IMAGE) return;
	float *to = kept[op->out] = rnf_alloc((size_t)(IMAGES * size) * sizeof *to);
	for (int64_t i = 0; i < IMAGES; i++)
		memcpy(to + i * size, rnf_exec_value(exec, op->out, i), (size_t)size * sizeof *to);
}

static int64_t compare_image(const struct rnf_view *v, float *const *kept, int64_t image,
			     const float *x)
{
	double **want = test_interpret(v, x);
	int64_t compared = 0;
	for (size_t i = 0; i < v->n_ops; i++) {
		const struct rnf_export_op *op = &v->ops[i];
		if ((size_t)op->out >= v->program->n_values) continue; /* inside of a formula */
		const int64_t n = rnf_value_size(&v->program->values[op->out]);
		ck_assert_msg(kept[op->out] != NULL, "%s: %s is not computed", subject, op->label);
		compare(op, n, want[op->out], kept[op->out] + image * n);
		compared++;
	}
	return compared;
}

static void check_program(const struct rnf_program *p)
{
	float *weights = draw_weights(p);
	struct rnf_view v = { .program = p, .what = "the test", .must = 1 };
	const int64_t size = rnf_value_size(&p->values[p->input]);
	float *x = rnf_alloc((size_t)(IMAGES * size) * sizeof *x);
	float **kept = rnf_alloc(p->n_values * sizeof *kept);
	for (int64_t i = 0; i < IMAGES * size; i++)
		x[i] = 4 * draw();
	GOOD(rnf_view_fill(&v, tensors_of(p, weights)));
	test_golden_run(&(struct test_golden_run){
		.program = p, .images = IMAGES, .threads = 1, .x = x, .weights = weights,
		.look = keep, .look_arg = kept });
	for (int64_t i = 0; i < IMAGES; i++)
		ck_assert_int_gt(compare_image(&v, kept, i, x + i * size), 2);
}

static void check_layers(const char *layers)
{
	struct rnf_experiment *e = rnf_alloc(sizeof *e);
	GOOD(build(e, layers));
	check_program(e->model.programs[0]);
}

START_TEST(settings_say_what_they_do)
{
	snprintf(subject, sizeof subject, "%s", more[_i]);
	test_plugins_path();
	check_layers(more[_i]);
}
END_TEST

/* -- every plugin -- */

static const char *text_of(struct rnf_conf *layer)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);
	ck_assert_ptr_nonnull(f);
	fputs("{ ", f);
	rnf_conf_write(layer, f);
	fputs(" }", f);
	ck_assert_int_eq(fclose(f), 0);
	const char *kept = rnf_format("%s", text);
	free(text);
	return kept;
}

/* Some want a single pixel. */
static void check_plugin(const struct test_built *f)
{
	struct rnf_conf *layer = test_built_layer(f);
	struct rnf_experiment *e = rnf_alloc(sizeof *e);
	snprintf(subject, sizeof subject, "%s.%s", f->kind, f->name);
	const char *text = text_of(layer);
	if (build(e, text) < 0)
		check_layers(rnf_format("{ type = \"global_avgpool\"; }, %s", text));
	else
		check_program(e->model.programs[0]);
}

START_TEST(layers_say_what_they_do)
{
	test_each("layer", check_plugin);
}
END_TEST

START_TEST(blocks_say_what_they_do)
{
	test_each("block", check_plugin);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ layers_say_what_they_do, 0 },
		{ blocks_say_what_they_do, 0 },
		{ settings_say_what_they_do, TEST_ROWS(more) },
		{ NULL, 0 },
	};
	return test_run_cases("formulas", cases);
}
