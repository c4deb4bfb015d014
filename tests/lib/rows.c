#include "lib/rows.h"

#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "graph/graph.h"
#include "lib/built.h"
#include "lib/plugin.h"

/* -- layers, as graph/build.c makes them -- */

static rnf_val lower(struct rnf_graph *g, const struct rnf_ref *ref, const rnf_val *in, size_t n)
{
	const struct rnf_layer_impl *impl = ref->feature->impl;
	if (!strcmp(ref->feature->kind, "activation"))
		return g->pointwise(g, in[0], ref->feature->impl, ref->conf);
	return impl->lower(ref->conf, g, in, n);
}

static rnf_val use(struct rnf_graph *g, const struct rnf_ref *ref, const char *label,
		   const rnf_val *in, size_t n_in, const struct rnf_setting *settings,
		   size_t n_settings)
{
	(void)settings;
	ck_assert_uint_eq(n_settings, 0);
	g->enter(g, label);
	const rnf_val v = lower(g, ref, in, n_in);
	g->leave(g);
	return v;
}

static rnf_val node(struct rnf_graph *g, const char *type, const char *label, const rnf_val *in,
		    size_t n_in, const struct rnf_setting *settings, size_t n_settings)
{
	const struct rnf_ref *ref = NULL;
	test_plugins_path();
	ck_assert_msg(rnf_param_settings("layer|block", type, NULL, settings, n_settings, &ref) >=
		      0, "%s", rnf_fail_words());
	return use(g, ref, label, in, n_in, NULL, 0);
}

struct rnf_builder *test_builder(int training, int64_t h, int64_t w, int64_t c)
{
	struct rnf_builder *b = rnf_alloc(sizeof *b);
	struct rnf_program *p = rnf_alloc(sizeof *p);
	p->training = training;
	p->loss = -1;
	p->input = rnf_op_add(p, &rnf_op_row_input, NULL, 0, h, w, c);
	p->values[p->input].needs_grad = 1; /* dx is wanted too */
	rnf_builder_init(b, p);
	b->graph.training = training;
	b->graph.node = node;
	b->graph.use = use;
	b->graph.enter(&b->graph, "test");
	return b;
}

static rnf_val tensor(struct rnf_graph *g, const char *name, int rank, const int64_t *shape,
		      int state)
{
	struct rnf_weight w = { .name = name, .rank = rank, .state = state };
	memcpy(w.shape, shape, (size_t)rank * sizeof *shape);
	return g->weight(g, &w);
}

rnf_val test_weight(struct rnf_graph *g, const char *name, int64_t n, int state)
{
	return tensor(g, name, 1, &n, state);
}

/* All calls once: from 4 x 4 x 2 to a vector. */
static struct rnf_program *everything(int training)
{
	const struct rnf_window w = { 3, 3, 1, 1, 1, 4, 4, 1, RNF_BORDER_ZERO };
	const struct rnf_window mirror = { 3, 3, 1, 1, 1, 4, 4, 1, RNF_BORDER_REFLECT };
	struct rnf_builder *b = test_builder(training, 4, 4, 2);
	struct rnf_graph *g = &b->graph;
	const rnf_val kernel = tensor(g, "kernel", 4, (int64_t[]){ 3, 3, 2, 2 }, 0);
	const struct rnf_activation_impl *act = test_feature("activation", "relu")->impl;
	rnf_val x = g->conv2d(g, b->program->input, kernel, &w, 1, RNF_ALGORITHM_AUTO);
	x = g->batch_norm(g, x, test_weight(g, "gamma", 2, 0), test_weight(g, "beta", 2, 0),
			  test_weight(g, "mean", 2, 1), test_weight(g, "variance", 2, 1),
			  1e-3, 0.9);
	x = g->add(g, g->pointwise(g, x, act, NULL), g->bias(g, x, test_weight(g, "b", 2, 0)));
	x = g->scale(g, x, g->global_avgpool(g, x));
	x = g->max(g, g->mul(g, x, x), g->sub(g, x, g->div(g, x, b->program->input)));
	x = g->reshape(g, g->reshape(g, x, 2, 2, 8), 4, 4, 2);
	x = g->concat(g, (rnf_val[]){ g->avgpool(g, x, &mirror), g->maxpool(g, x, &w) }, 2);
	x = g->slice(g, g->concat(g, (rnf_val[]){ x, x }, 2), 4, 4);
	x = g->matmul(g, x, tensor(g, "w", 2, (int64_t[]){ 4, 3 }, 0));
	ck_assert_int_eq(g->status(g), RNF_OK);
	b->program->logits = x;
	if (training) ck_assert_int_eq(rnf_graph_differentiate(b->program), RNF_OK);
	return b->program;
}

static const struct rnf_op *look_up(const struct rnf_program *p, const char *name)
{
	for (size_t i = 0; i < p->n_ops; i++)
		if (!strcmp(p->ops[i].row->name, name)) return &p->ops[i];
	return NULL;
}

int test_find(const struct rnf_program *p, const char *name)
{
	const struct rnf_op *op = look_up(p, name);
	ck_assert_msg(op != NULL, "the program has no %s", name);
	return op->out;
}

const struct rnf_op_row *test_row(const char *name)
{
	static struct rnf_program *programs[2];
	for (int training = 1; training >= 0; training--) {
		if (!programs[training]) programs[training] = everything(training);
		const struct rnf_op *op = look_up(programs[training], name);
		if (op) return op->row;
	}
	ck_abort_msg("no primitive has a row %s", name);
	return NULL;
}

static struct rnf_value value(const int64_t hwc[3])
{
	return (struct rnf_value){ .h = hwc[0], .w = hwc[1], .c = hwc[2], .weight = -1 };
}

void test_row_image(const struct test_image *image, const float *a, const float *b, float *y)
{
	struct rnf_op op = { .row = test_row(image->row), .n_in = b ? 2 : 1, .groups = 1 };
	const struct rnf_value x0 = value(image->x[0]), x1 = value(image->x[1]);
	const struct rnf_value out = value(image->y);
	if (image->window) op.window = *image->window;
	op.row->image(&(struct rnf_image_io){
		.op = &op, .x = { &x0, &x1 }, .y = &out, .in = { a, b }, .out = y,
		.first = image->first, .images = 1 });
}

void test_row_tile_of(const char *row, int64_t pixels, int64_t c, const float *const in[],
		      int n_in, int operand, float *out)
{
	const struct rnf_op op = { .row = test_row(row), .n_in = n_in, .operand = operand };
	struct rnf_tile_io io = { .op = &op, .out = out, .c = c, .first = 1, .pixels = pixels,
				  .image_pixels = 4 };
	memcpy(io.in, in, (size_t)n_in * sizeof *in);
	op.row->tile(&io);
}

void test_row_tile(const char *row, int64_t pixels, int64_t c, const float *const in[],
		   int n_in, float *out)
{
	test_row_tile_of(row, pixels, c, in, n_in, 0, out);
}

/* -- a loss whose gradient is given -- */

static float targets[4096]; /* only their addresses matter */

static double no_loss(const void *self, size_t k, const float *logits, const float *target)
{
	(void)self, (void)k, (void)logits, (void)target;
	return 0;
}

/* Threads ask Check for nothing: the tensor is found before they start. */
struct images {
	const float *dy;
	int64_t size; /* floats of one */
};

static void gradient_is_dy(const void *self, size_t k, const float *logits, const float *target,
			   float factor, float *dlogits)
{
	const struct images *all = self;
	const int64_t image = (target - targets) / (int64_t)k;
	(void)logits, (void)factor;
	memcpy(dlogits, all->dy + image * all->size, (size_t)all->size * sizeof *dlogits);
}

static const struct rnf_loss_impl loss = { .loss = no_loss, .gradient = gradient_is_dy };

static struct rnf_exec *create(const struct test_golden_run *run, struct rnf_threads *threads)
{
	struct rnf_plan *plan;
	ck_assert_msg(rnf_plan_make(run->program, NULL, NULL, run->images, run->fused, &plan) ==
		      RNF_OK, "%s", rnf_fail_words());
	struct rnf_exec *exec = rnf_exec_create(plan, threads, run->weights);
	exec->images = run->images;
	exec->target = targets;
	exec->loss = &loss;
	return exec;
}

struct rnf_exec *test_golden_run(const struct test_golden_run *run)
{
	const struct rnf_program *p = run->program;
	const struct rnf_value *y = &p->values[p->logits];
	const struct images all = { run->dy, rnf_value_size(y) };
	const int64_t size = rnf_value_size(&p->values[p->input]);
	struct rnf_threads *threads = rnf_threads_create(run->threads);
	struct rnf_exec *exec = create(run, threads);
	ck_assert_int_le(run->images * y->c, TEST_ROWS(targets));
	for (int64_t i = 0; i < run->images; i++)
		memcpy(rnf_exec_value(exec, p->input, i), run->x + i * size,
		       (size_t)size * sizeof *run->x);
	exec->loss_self = &all;
	exec->look = run->look;
	exec->look_arg = run->look_arg;
	rnf_exec_run(exec);
	rnf_threads_destroy(threads);
	return exec;
}
