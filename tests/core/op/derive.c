/* Values derived from weights, and constants: what reads them gets what it would of a weight or
 * an image, with the same bits; the weights get their gradients, constants get none. */
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "exec/observe.h"
#include "graph/graph.h"
#include "lib/plugin.h"
#include "lib/rows.h"

enum { IMAGES = 6, H = 5, W = 3, C = 4, K = 3 };

static const struct { int fused, threads; } ways[] = { { 1, 1 }, { 0, 1 }, { 1, 2 }, { 0, 3 } };

/* -- a value that is twice its weight: nothing is rounded -- */

static atomic_int calls;

static void twice(const void *self, const float *const *in, float *y)
{
	const int64_t n = *(const int64_t *)self;
	calls++;
	for (int64_t i = 0; i < n; i++)
		y[i] = 2 * in[0][i];
}

static void twice_bwd(const void *self, uint32_t i, const float *const *in, const float *dy,
		      float *d)
{
	const int64_t n = *(const int64_t *)self;
	(void)i, (void)in;
	for (int64_t k = 0; k < n; k++)
		d[k] = 2 * dy[k];
}

static const struct rnf_derive_impl doubling = {
	.size = sizeof doubling, .n_in = 1, .fwd = twice, .bwd = twice_bwd,
};

/* A weight, or the same through a derived value. */
static rnf_val tensor(struct rnf_graph *g, const char *name, int derived, int rank,
		      const int64_t *shape)
{
	struct rnf_weight w = { .name = name, .rank = rank };
	memcpy(w.shape, shape, (size_t)rank * sizeof *shape);
	const rnf_val v = g->weight(g, &w);
	int64_t *size = rnf_alloc(sizeof *size);
	*size = rnf_shape_size(rank, shape);
	return derived ? g->derive(g, &v, 1, rank, shape, &doubling, size) : v;
}

static rnf_val vector(struct rnf_graph *g, const char *name, int derived, int64_t n)
{
	return tensor(g, name, derived, 1, &n);
}

static void add_weight(const void *self, const struct rnf_tile *tile, const float *const *in,
		       float *y)
{
	(void)self;
	for (int64_t i = 0; i < tile->pixels * tile->channels; i++)
		y[i] = in[0][i] + in[1][0];
}

static void add_weight_bwd(const void *self, const struct rnf_tile *tile, uint32_t i,
			   const float *const *in, const float *dy, float *d)
{
	(void)self, (void)in;
	for (int64_t k = 0; k < tile->pixels * tile->channels; k++)
		if (i == 0) d[k] = dy[k];
		else d[0] += dy[k];
}

static const uint32_t roles[] = { RNF_IN_TILE, RNF_IN_WEIGHT };
static const struct rnf_row_impl row = {
	.size = sizeof row, .n_in = 2, .roles = roles, .fwd = add_weight, .bwd = add_weight_bwd,
};

/* Each call that takes a weight, one of them twice the same. */
static rnf_val readers(struct rnf_graph *g, rnf_val x, int derived)
{
	const struct rnf_window w = { 3, 3, 1, 1, 1, H, W, 1, 0 };
	const int64_t kernel[] = { 3, 3, C, C }, matrix[] = { C, K };
	const rnf_val k = tensor(g, "kernel", derived, 4, kernel);
	x = g->conv2d(g, x, k, &w, 1, RNF_ALGORITHM_AUTO);
	x = g->conv2d(g, x, k, &w, 1, RNF_ALGORITHM_AUTO);
	x = g->batch_norm(g, x, vector(g, "gamma", derived, C), vector(g, "beta", derived, C),
			  test_weight(g, "mean", C, 1), test_weight(g, "variance", C, 1), 1e-3, 0.9);
	x = g->rows(g, (rnf_val[]){ x, vector(g, "one", derived, 1) }, 2, 0, &row, NULL);
	x = g->bias(g, x, vector(g, "b", derived, C));
	return g->matmul(g, x, tensor(g, "w", derived, 2, matrix));
}

static struct rnf_program *program(int training, int derived)
{
	struct rnf_builder *b = test_builder(training, H, W, C);
	struct rnf_program *p = b->program;
	p->logits = readers(&b->graph, p->input, derived);
	ck_assert_msg(b->graph.status(&b->graph) == RNF_OK, "%s", rnf_fail_words());
	if (training) ck_assert_int_eq(rnf_graph_differentiate(p), RNF_OK);
	return p;
}

static float *noise(int64_t n, uint64_t seed, float factor)
{
	struct rnf_random random = { rnf_random_key(seed, 0), 0 };
	float *at = rnf_alloc((size_t)n * sizeof *at + 64);
	for (int64_t i = 0; i < n; i++)
		at[i] = factor * (float)rnf_random_normal(&random);
	return at;
}

static struct rnf_exec *run(const struct rnf_program *p, int way, float factor)
{
	const int64_t y = rnf_value_size(&p->values[p->logits]);
	return test_golden_run(&(struct test_golden_run){
		.program = p, .images = IMAGES, .fused = ways[way].fused,
		.threads = ways[way].threads, .x = noise((int64_t)IMAGES * H * W * C, 3, 1),
		.dy = noise(IMAGES * y, 4, 1), .weights = noise(p->block, 5, factor) });
}

static void check_gradients(const struct rnf_exec *a, const struct rnf_exec *b)
{
	const struct rnf_program *p = a->plan->program, *q = b->plan->program;
	for (size_t i = 0; i < p->n_weights; i++) {
		const struct rnf_model_weight *w = &p->weights[i], *v = &q->weights[i];
		ck_assert_str_eq(w->name, v->name);
		for (int64_t k = 0; !w->state && k < w->size; k++)
			ck_assert_msg(rnf_exec_gradient(a, w)[k] == 2 * rnf_exec_gradient(b, v)[k],
				      "%s[%lld]", w->name, (long long)k);
	}
}

START_TEST(readers_take_it_for_a_weight)
{
	const struct rnf_program *p = program(1, 1), *q = program(1, 0);
	ck_assert_int_eq(rnf_program_parameters(p), rnf_program_parameters(q));
	ck_assert_int_eq(p->block, q->block);
	for (int way = 0; way < TEST_ROWS(ways); way++) {
		calls = 0;
		const struct rnf_exec *a = run(p, way, 0.5f), *b = run(q, way, 1);
		ck_assert_int_eq(calls, 6); /* once each, not once an image */
		for (int64_t i = 0; i < IMAGES; i++)
			ck_assert_mem_eq(rnf_exec_value(a, p->logits, i),
					 rnf_exec_value(b, q->logits, i),
					 sizeof(float) * H * W * K);
		check_gradients(a, b);
	}
}
END_TEST

START_TEST(inference_makes_it_when_weights_have_changed)
{
	struct rnf_threads *threads = rnf_threads_create(2);
	struct rnf_plan *plan;
	const struct rnf_program *p = program(0, 1);
	ck_assert_int_eq(rnf_plan_make(p, NULL, NULL, IMAGES, 1, &plan), RNF_OK);
	calls = 0;
	struct rnf_exec *exec = rnf_exec_create(plan, threads, noise(p->block, 5, 1));
	exec->images = 1;
	for (int i = 0; i < 3; i++)
		rnf_exec_run(exec);
	ck_assert_int_eq(calls, 6);
	exec->stale = 1;
	rnf_exec_run(exec);
	ck_assert_int_eq(calls, 12);
	rnf_threads_destroy(threads);
}
END_TEST

/* Of 3e38 twice is none: a run op by op names the value. */
START_TEST(a_value_that_is_not_finite_is_named)
{
	struct rnf_threads *pool = rnf_threads_create(1);
	struct rnf_plan *plan;
	struct rnf_observed observed;
	const struct rnf_program *p = program(0, 1);
	float *weights = noise(p->block, 5, 1);
	const int64_t at = rnf_names_find(&p->names, "test/one");
	ck_assert_int_ge(at, 0);
	for (int64_t i = 0; i < p->block; i++) /* variances among them */
		weights[i] = fabsf(weights[i]);
	weights[p->weights[at].offset] = 3e38f;
	ck_assert_int_eq(rnf_plan_make(p, NULL, NULL, IMAGES, 0, &plan), RNF_OK);
	struct rnf_exec *exec = rnf_exec_create(plan, pool, weights);
	exec->images = 1;
	rnf_exec_observe(exec, &observed);
	ck_assert_ptr_nonnull(observed.bad);
	ck_assert_int_eq(observed.bad->row->class, RNF_DERIVED);
	ck_assert_int_eq(observed.bad->in[0], p->weights[at].value_id);
	rnf_threads_destroy(pool);
}
END_TEST

static int printed(const struct rnf_program *p, const char *words)
{
	char text[8192] = { 0 };
	struct rnf_plan *plan;
	FILE *file = tmpfile();
	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(rnf_plan_make(p, NULL, NULL, IMAGES, 1, &plan), RNF_OK);
	rnf_plan_print(plan, file);
	rewind(file);
	ck_assert_uint_gt(fread(text, 1, sizeof text - 1, file), 0);
	ck_assert_int_eq(fclose(file), 0);
	return strstr(text, words) != NULL;
}

START_TEST(a_plan_lists_it)
{
	ck_assert_int_eq(printed(program(1, 1), "before the batch: open of 144 values  test\n"), 1);
	ck_assert_int_eq(printed(program(1, 0), "before the batch"), 0);
	/* its gradient is made at the end of a phase that has steps */
	ck_assert_int_eq(printed(program(1, 1), ": 0 steps"), 0);
}
END_TEST

/* -- constants -- */

static float constants[3][H * W * C], factors[C];

/* y = (s max(k0 x + k1, k2), k2 - x) */
static struct rnf_program *with_constants(void)
{
	static const int64_t hwc[] = { H, W, C }, of_vector[] = { 1, 1, C };
	struct rnf_builder *b = test_builder(1, H, W, C);
	struct rnf_program *p = b->program;
	struct rnf_graph *g = &b->graph;
	rnf_val k[3];
	for (int i = 0; i < 3; i++) {
		memcpy(constants[i], noise(H * W * C, 10 + (uint64_t)i, 1), sizeof constants[i]);
		k[i] = g->constant(g, hwc, constants[i]);
	}
	memcpy(factors, noise(C, 20, 1), sizeof factors);
	const rnf_val x = p->input;
	rnf_val y = g->max(g, g->add(g, g->mul(g, x, k[0]), k[1]), k[2]);
	y = g->scale(g, y, g->constant(g, of_vector, factors));
	p->logits = g->concat(g, (rnf_val[]){ y, g->sub(g, k[2], x), k[1] }, 3);
	ck_assert_msg(g->status(g) == RNF_OK, "%s", rnf_fail_words());
	ck_assert_int_eq(rnf_graph_differentiate(p), RNF_OK);
	p->loss = p->ops[p->n_ops - 1].out; /* dx, for its reader */
	return p;
}

static void check_image(const struct rnf_exec *exec, int64_t i, const float *x, const float *dy,
			double most)
{
	const struct rnf_program *p = exec->plan->program;
	const float *y = rnf_exec_value(exec, p->logits, i), *dx = rnf_exec_value(exec, p->loss, i);
	for (int64_t k = 0; k < H * W * C; k++) {
		const int64_t c = k % C, at = k / C * 3 * C + c;
		const float sum = constants[0][k] * x[k] + constants[1][k];
		const float *k2 = &constants[2][k];
		ck_assert_double_eq_tol(y[at], factors[c] * (sum >= *k2 ? sum : *k2), most);
		ck_assert_double_eq_tol(y[at + C], *k2 - x[k], most);
		ck_assert_double_eq_tol(y[at + 2 * C], constants[1][k], most);
		const float d = sum >= *k2 ? constants[0][k] * (factors[c] * dy[at]) : 0;
		ck_assert_double_eq_tol(dx[k], d - dy[at + C], most);
	}
}

static const enum rnf_precision precisions[] = { RNF_PRECISION_FP32, RNF_PRECISION_BF16 };

START_TEST(constants_are_images)
{
	struct rnf_program *p = with_constants();
	const float *x = noise((int64_t)IMAGES * H * W * C, 3, 1);
	const float *dy = noise((int64_t)IMAGES * H * W * 3 * C, 4, 1);
	p->precision = precisions[_i];
	for (int way = 0; way < TEST_ROWS(ways); way++) {
		const struct rnf_exec *exec = run(p, way, 1);
		ck_assert_int_eq(exec->plan->operands[p->logits].stride > 0, 1);
		for (int64_t i = 0; i < IMAGES; i++)
			check_image(exec, i, x + i * H * W * C, dy + i * H * W * 3 * C,
				    p->precision == RNF_PRECISION_BF16 ? 0.05 : 1e-6);
	}
}
END_TEST

/* Those that hand a gradient on would be the sum of scale's factors, and more slices. */
START_TEST(constants_have_no_gradient)
{
	static const struct { const char *name; int n; } rows[] = {
		{ "DOT", 0 }, { "slice", 2 }, { "max_bwd", 1 }, { "constant", 4 },
	};
	const struct rnf_program *p = with_constants();
	for (int i = 0; i < TEST_ROWS(rows); i++) {
		int n = 0;
		for (size_t k = 0; k < p->n_ops; k++)
			n += !strcmp(p->ops[k].row->name, rows[i].name);
		ck_assert_msg(n == rows[i].n, "%d %s", n, rows[i].name);
	}
	for (size_t v = 0; v < p->n_values; v++)
		if (p->ops[p->values[v].op].row->class == RNF_CONSTANT)
			ck_assert_int_eq(p->values[v].needs_grad, 0);
}
END_TEST

/* -- what is refused -- */

static const int64_t four[] = { C }, none[] = { 0 }, small[] = { 3, 3, C, C };
static const float bad_values[C] = { 1, 2, NAN, 4 };

static rnf_val of_weight(struct rnf_graph *g, const int64_t *shape, int rank)
{
	const rnf_val w = test_weight(g, "a", C, 0);
	return g->derive(g, &w, 1, rank, shape, &doubling, four);
}

static rnf_val no_impl(struct rnf_graph *g, rnf_val x)
{
	return g->derive(g, &x, 1, 1, four, NULL, NULL);
}
static rnf_val no_in(struct rnf_graph *g, rnf_val x)
{
	(void)x;
	return g->derive(g, NULL, 1, 1, four, &doubling, NULL);
}
static rnf_val no_shape(struct rnf_graph *g, rnf_val x)
{
	return g->derive(g, &x, 1, 1, NULL, &doubling, NULL);
}
static rnf_val no_size(struct rnf_graph *g, rnf_val x)
{
	static const struct rnf_derive_impl impl = { .n_in = 1, .fwd = twice };
	return g->derive(g, &x, 1, 1, four, &impl, NULL);
}
static rnf_val no_bwd(struct rnf_graph *g, rnf_val x)
{
	static const struct rnf_derive_impl impl = { .size = sizeof impl, .n_in = 1, .fwd = twice };
	const rnf_val w = test_weight(g, "a", C, 0);
	return g->bias(g, x, g->derive(g, &w, 1, 1, four, &impl, four));
}
static rnf_val many(struct rnf_graph *g, rnf_val x)
{
	static const struct rnf_derive_impl impl = { .size = sizeof impl, .n_in = 8, .fwd = twice };
	return g->derive(g, (rnf_val[8]){ x }, 8, 1, four, &impl, NULL);
}
static rnf_val count(struct rnf_graph *g, rnf_val x)
{
	return g->derive(g, (rnf_val[]){ x, x }, 2, 1, four, &doubling, NULL);
}
static rnf_val of_image(struct rnf_graph *g, rnf_val x)
{
	return g->derive(g, &x, 1, 1, four, &doubling, NULL);
}
static rnf_val rank(struct rnf_graph *g, rnf_val x)
{
	(void)x;
	return of_weight(g, small, 5);
}
static rnf_val empty(struct rnf_graph *g, rnf_val x)
{
	(void)x;
	return of_weight(g, none, 1);
}
static rnf_val as_kernel(struct rnf_graph *g, rnf_val x)
{
	const struct rnf_window w = { 3, 3, 1, 1, 1, H, W, 1, 0 };
	return g->conv2d(g, x, of_weight(g, four, 1), &w, 1, RNF_ALGORITHM_AUTO);
}
static rnf_val as_image(struct rnf_graph *g, rnf_val x)
{
	return g->add(g, x, of_weight(g, four, 1));
}
static rnf_val as_statistics(struct rnf_graph *g, rnf_val x)
{
	const rnf_val v = of_weight(g, four, 1);
	return g->batch_norm(g, x, v, v, v, v, 1e-3, 0.9);
}
static rnf_val constant_null(struct rnf_graph *g, rnf_val x)
{
	(void)x;
	return g->constant(g, small, NULL);
}
static rnf_val constant_empty(struct rnf_graph *g, rnf_val x)
{
	(void)x;
	return g->constant(g, (int64_t[]){ 1, 0, 1 }, bad_values);
}
static rnf_val constant_nan(struct rnf_graph *g, rnf_val x)
{
	(void)x;
	return g->constant(g, (int64_t[]){ 1, 1, C }, bad_values);
}
static rnf_val constant_weight(struct rnf_graph *g, rnf_val x)
{
	return g->bias(g, x, g->constant(g, (int64_t[]){ 1, 1, 2 }, bad_values));
}

static const struct {
	rnf_val (*ask)(struct rnf_graph *, rnf_val x);
	const char *words;
} wrong[] = {
	{ no_impl, "derive: impl is NULL" },
	{ no_in, "derive: in is NULL" },
	{ no_shape, "derive: shape is NULL" },
	{ no_size, "derive: its impl has no size or fwd" },
	{ no_bwd, "derive: its impl has no bwd, and the value is made of a weight that is trained" },
	{ many, "derive: n_in is 8, must be 0 .. 7" },
	{ count, "derive: gets 2 operands, its impl has 1" },
	{ of_image, "derive: in[0] is an image of 5 x 3 x 4, must be a weight or running statistics" },
	{ rank, "derive: rank is 5, must be 1 .. 4" },
	{ empty, "derive: shape[0] is 0, must be 1 or more" },
	{ as_kernel, "conv2d: kernel is a value derived from weights, of 4, must be a weight of 3 x "
	  "3 x 4 x any" },
	{ as_image, "add: b is a value derived from weights, of 4, must be an image of 5 x 3 x 4" },
	{ as_statistics, "batch_norm: mean is a value derived from weights, of 4, must be running "
	  "statistics (state = 1) of 4 values, one a channel" },
	{ constant_null, "constant: values is NULL" },
	{ constant_empty, "constant: shape[1] is 0, must be 1 or more" },
	{ constant_nan, "constant: values[2] is nan, must be finite" },
	{ constant_weight, "bias: b is an image of 1 x 1 x 2, must be a weight of 4 values" },
};

START_TEST(what_makes_no_sense_is_refused)
{
	struct rnf_builder *b = test_builder(1, H, W, C);
	const rnf_val v = wrong[_i].ask(&b->graph, b->program->input);
	ck_assert_int_lt(v, 0);
	ck_assert_int_eq(b->graph.status(&b->graph), RNF_EPLUGIN);
	ck_assert_msg(strstr(rnf_fail_words(), wrong[_i].words) != NULL, "%s\nwants: %s",
		      rnf_fail_words(), wrong[_i].words);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ readers_take_it_for_a_weight, 0 },
		{ inference_makes_it_when_weights_have_changed, 0 },
		{ a_value_that_is_not_finite_is_named, 0 },
		{ a_plan_lists_it, 0 },
		{ constants_are_images, TEST_ROWS(precisions) },
		{ constants_have_no_gradient, 0 },
		{ what_makes_no_sense_is_refused, TEST_ROWS(wrong) },
		{ NULL, 0 },
	};
	return test_run_cases("op/derive", cases);
}
