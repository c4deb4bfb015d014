/* Layers that bring primitives of their own, and windows that are dilated or have borders, with
 * all gradients, against golden tensors of PyTorch: images of one pixel and of odd sizes, in
 * phases and op by op, by several threads. */
#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "graph/graph.h"
#include "lib/golden.h"
#include "lib/plugin.h"
#include "lib/rows.h"

enum { SETTINGS = 6 };

/* The conv2d of as many channels. */
#define FILTERS RNF_SET_INT("filters", 0)
#define SIZE(kernel, stride, dilation) \
	RNF_SET_INT("kernel", kernel), RNF_SET_INT("stride", stride), \
	RNF_SET_INT("dilation", dilation)
#define BORDER(word) RNF_SET_STRING("border", word)
#define THREES RNF_SET_INT("groups", 0)

/* Cases and shapes of tests/golden/rows.py. A number that is 0 there goes by the channels.
 * `most`: the largest error, to the largest element, or to 1. */
static const struct {
	const char *name, *layer;
	double most;
	size_t n;
	struct rnf_setting settings[SETTINGS];
} cases[] = {
	{ "prelu", "prelu", 1e-6, 0, { { 0 } } },
	{ "prelu_shared", "prelu", 1e-6, 1, { RNF_SET_BOOL("shared", 1) } },
	{ "layernorm", "layernorm", 1e-6, 0, { { 0 } } },
	{ "layer_scale", "layer_scale", 1e-6, 0, { { 0 } } },
	{ "swish", "swish", 1e-6, 1, { RNF_SET_BOOL("shared", 0) } },
	{ "swish_shared", "swish", 1e-6, 0, { { 0 } } },
	{ "groupnorm", "groupnorm", 1e-6, 1, { RNF_SET_INT("groups", 1) } },
	{ "groupnorm_threes", "groupnorm", 1e-6, 1, { RNF_SET_INT("groups", 0) } },
	{ "eca", "eca", 1e-6, 0, { { 0 } } },
	{ "eca_7", "eca", 1e-6, 1, { RNF_SET_INT("kernel", 7) } },
	{ "cbam", "cbam", 1e-6, 2,
	  { RNF_SET_INT("ratio", 4096), RNF_SET_INT("min_width", 2) } },
	{ "gem_pool", "gem_pool", 1e-6, 0, { { 0 } } },
	{ "conv2d_dilated", "conv2d", 2e-6, 4, { FILTERS, SIZE(3, 1, 2) } },
	{ "conv2d_dilated_s2", "conv2d", 2e-6, 5, { FILTERS, SIZE(3, 2, 3), THREES } },
	{ "conv2d_reflect", "conv2d", 2e-6, 6,
	  { FILTERS, SIZE(3, 1, 1), BORDER("reflect"), THREES } },
	{ "conv2d_reflect_dilated", "conv2d", 2e-6, 6,
	  { FILTERS, SIZE(3, 2, 2), BORDER("reflect"), THREES } },
	{ "conv2d_edge", "conv2d", 2e-6, 6, { FILTERS, SIZE(5, 1, 2), BORDER("edge"), THREES } },
	{ "conv2d_edge_even", "conv2d", 2e-6, 6,
	  { FILTERS, SIZE(4, 2, 1), BORDER("edge"), THREES } },
	{ "avgpool_reflect", "avgpool", 1e-6, 3,
	  { RNF_SET_INT("size", 3), RNF_SET_INT("stride", 1), BORDER("reflect") } },
	{ "avgpool_edge", "avgpool", 1e-6, 3,
	  { RNF_SET_INT("size", 4), RNF_SET_INT("stride", 2), BORDER("edge") } },
	{ "maxpool_dilated", "maxpool", 1e-6, 3,
	  { RNF_SET_INT("size", 3), RNF_SET_INT("stride", 2), RNF_SET_INT("dilation", 2) } },
	{ "slice", "slice", 1e-6, 1, { RNF_SET_INT("from", 0) } },
};
static const struct { int64_t images, h, w, c; } shapes[] = {
	{ 5, 1, 1, 12 }, { 5, 5, 9, 1 }, { 5, 5, 9, 3 }, { 2, 5, 9, 33 }, { 2, 1, 1, 33 },
	{ 5, 1, 1, 1 },
};
static const struct { int fused, threads; } ways[] = { { 1, 1 }, { 0, 1 }, { 1, 2 }, { 0, 3 } };

/* -- the golden tensors -- */

static const char *place(int shape)
{
	return rnf_format("%lldx%lldx%lld", (long long)shapes[shape].h, (long long)shapes[shape].w,
			  (long long)shapes[shape].c);
}

/* "test_squeeze/kernel" is squeeze_kernel there. */
static const char *key_of(const struct rnf_model_weight *w)
{
	char *key = rnf_strndup(w->name + strlen("test/"), strlen(w->name) - strlen("test/"));
	for (char *s = key; *s; s++)
		if (*s == '/') *s = '_';
	return key;
}

static const float *golden(int of, int shape, const char *prefix, const char *key)
{
	return golden_tensor("rows.safetensors", rnf_format("%s/%s/%s%s", cases[of].name,
							    place(shape), prefix, key), NULL, NULL);
}

struct golden_tensor {
	const char *words;
	const float *want;
	int64_t size;
};

static void check(const struct golden_tensor *t, const float *got, int64_t at, int64_t n,
		  double most)
{
	double largest = 1; /* sums of less than that may cancel */
	for (int64_t i = 0; i < t->size; i++)
		largest = fmax(largest, fabs((double)t->want[i]));
	for (int64_t i = 0; i < n; i++) {
		const double wrong = fabs((double)got[i] - (double)t->want[at + i]);
		ck_assert_msg(wrong <= most * largest, "%s[%lld] is %.9g, not %.9g; the largest is "
			      "%.9g", t->words, (long long)(at + i), (double)got[i],
			      (double)t->want[at + i], largest);
	}
}

static void check_images(const struct rnf_exec *exec, int value, int of, int shape, const char *key)
{
	const int64_t size = rnf_value_size(&exec->plan->program->values[value]);
	const struct golden_tensor t = {
		rnf_format("%s/%s/%s", cases[of].name, place(shape), key),
		golden(of, shape, "", key), size * exec->images };
	for (int64_t i = 0; i < exec->images; i++)
		check(&t, rnf_exec_value(exec, value, i), i * size, size, cases[of].most);
}

static void check_gradients(const struct rnf_exec *exec, int of, int shape)
{
	const struct rnf_program *p = exec->plan->program;
	for (size_t i = 0; i < p->n_weights; i++) {
		const struct rnf_model_weight *w = &p->weights[i];
		const struct golden_tensor t = {
			rnf_format("%s/%s/d%s", cases[of].name, place(shape), key_of(w)),
			golden(of, shape, "d", key_of(w)), w->size };
		check(&t, rnf_exec_gradient(exec, w), 0, w->size, cases[of].most);
	}
}

/* -- the program: the layer between two identities, so that it works on tiles -- */

static void same(const void *self, const struct rnf_tile *tile, size_t n, const float *x, float *y)
{
	(void)self, (void)tile;
	memmove(y, x, n * sizeof *y);
}

static void same_bwd(const void *self, const struct rnf_tile *tile, size_t n, const float *x,
		     const float *dy, float *dx)
{
	(void)x;
	same(self, tile, n, dy, dx);
}

static const struct rnf_activation_impl identity = { .fwd = same, .bwd = same_bwd };

/* A number that goes by the channels. */
static int64_t of_channels(const char *key, int64_t c)
{
	if (!strcmp(key, "filters")) return c;
	if (!strcmp(key, "from")) return c / 3;
	return c % 3 == 0 ? c / 3 : 1; /* groups of three */
}

static void set(struct rnf_setting settings[SETTINGS], int of, int64_t c)
{
	memcpy(settings, cases[of].settings, sizeof cases[of].settings);
	for (size_t i = 0; i < cases[of].n; i++)
		if (settings[i].type == RNF_TYPE_INT && settings[i].i == 0)
			settings[i].i = of_channels(settings[i].key, c);
}

static struct rnf_program *program(int training, int of, int shape)
{
	const int64_t c = shapes[shape].c;
	struct rnf_builder *b = test_builder(training, shapes[shape].h, shapes[shape].w, c);
	struct rnf_graph *g = &b->graph;
	struct rnf_program *p = b->program;
	struct rnf_setting settings[SETTINGS];
	set(settings, of, c);
	const rnf_val x = g->pointwise(g, p->input, &identity, NULL);
	const rnf_val y = g->node(g, cases[of].layer, "", &x, 1, settings, cases[of].n);
	p->logits = g->pointwise(g, y, &identity, NULL);
	ck_assert_msg(g->status(g) == RNF_OK, "%s", rnf_fail_words());
	if (!training) return p;
	ck_assert_msg(rnf_graph_differentiate(p) == RNF_OK, "%s", rnf_fail_words());
	/* the plan keeps the loss for its reader: here that is dx, by the first identity,
	 * whose gradient comes last */
	p->loss = p->ops[p->n_ops - 1].out;
	return p;
}

static float *weights(const struct rnf_program *p, int of, int shape)
{
	float *block = rnf_alloc((size_t)p->block * sizeof *block + 64);
	for (size_t i = 0; i < p->n_weights; i++)
		memcpy(block + p->weights[i].offset, golden(of, shape, "", key_of(&p->weights[i])),
		       (size_t)p->weights[i].size * sizeof *block);
	return block;
}

static const struct rnf_exec *run(const struct rnf_program *p, int of, int shape, int way)
{
	const char *at = place(shape), *file = "rows.safetensors";
	return test_golden_run(&(struct test_golden_run){
		.program = p, .images = shapes[shape].images, .fused = ways[way].fused,
		.threads = ways[way].threads, .weights = weights(p, of, shape),
		.x = golden_tensor(file, rnf_format("%s/x", at), NULL, NULL),
		.dy = golden_tensor(file, rnf_format("%s/dy", at), NULL, NULL) });
}

static void check_shape(int of, int shape)
{
	const struct rnf_program *p = program(1, of, shape);
	for (int way = 0; way < TEST_ROWS(ways); way++) {
		const struct rnf_exec *exec = run(p, of, shape, way);
		check_images(exec, p->logits, of, shape, "y");
		check_images(exec, p->loss, of, shape, "dx");
		check_gradients(exec, of, shape);
	}
	p = program(0, of, shape);
	for (int way = 0; way < TEST_ROWS(ways); way++)
		check_images(run(p, of, shape, way), p->logits, of, shape, "y");
}

START_TEST(layers_are_golden)
{
	const int least = strstr(cases[_i].name, "reflect") ? 3 : 1; /* rows */
	for (int shape = 0; shape < TEST_ROWS(shapes); shape++)
		if (shapes[shape].h >= least) check_shape(_i, shape);
}
END_TEST

/* -- numbers far from 0 -- */

enum { SIDE = 4, FAR = 1 << 12 };

static const struct { const char *layer; size_t n; struct rnf_setting groups; } norms[] = {
	{ "layernorm", 0, { 0 } }, { "groupnorm", 1, RNF_SET_INT("groups", SIDE) },
};

/* FAR - 1 and FAR + 1 by turns, in each channel and in each pixel. */
static float *far_image(void)
{
	float *x = rnf_alloc(SIDE * SIDE * SIDE * sizeof *x);
	for (int i = 0; i < SIDE * SIDE * SIDE; i++)
		x[i] = FAR + ((i / SIDE + i / SIDE / SIDE + i) % 2 ? 1 : -1);
	return x;
}

/* Squares of these numbers have no digits left for the variance. */
START_TEST(far_means_cost_no_digits)
{
	struct rnf_builder *b = test_builder(0, SIDE, SIDE, SIDE);
	struct rnf_program *p = b->program;
	struct rnf_graph *g = &b->graph;
	p->logits = g->node(g, norms[_i].layer, "", &p->input, 1, &norms[_i].groups, norms[_i].n);
	ck_assert_msg(g->status(g) == RNF_OK, "%s", rnf_fail_words());
	const float *x = far_image();
	float *w = rnf_alloc((size_t)p->block * sizeof *w + 64);
	for (size_t i = 0; i < p->n_weights; i++)
		for (int64_t k = 0; k < p->weights[i].size; k++)
			w[p->weights[i].offset + k] = strstr(p->weights[i].name, "gamma") ? 1 : 0;
	const struct rnf_exec *exec = test_golden_run(&(struct test_golden_run){
		.program = p, .images = 1, .fused = 1, .threads = 1, .weights = w, .x = x });
	for (int i = 0; i < SIDE * SIDE * SIDE; i++)
		ck_assert_double_eq_tol(rnf_exec_value(exec, p->logits, 0)[i], x[i] - FAR, 1e-3);
}
END_TEST

int main(void)
{
	const struct test_case all[] = {
		{ layers_are_golden, TEST_ROWS(cases) },
		{ far_means_cost_no_digits, TEST_ROWS(norms) },
		{ NULL, 0 },
	};
	return test_run_cases("layer/rows", all);
}
