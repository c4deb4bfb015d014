/* Primitives as layers call them: check the operands, append the ops. */
#include <string.h>

#include "base/arena.h"
#include "graph/graph.h"

/* Of a value in one image: with these the places of a thousand values and the largest batch
 * fit into 63 bits. */
static const int64_t values_max = (int64_t)1 << 36;

static struct rnf_value *value(struct rnf_graph *g, rnf_val v)
{
	return &rnf_builder_program(g)->values[v];
}

static int is_image(struct rnf_graph *g, rnf_val v)
{
	return v >= 0 && value(g, v)->domain == RNF_IMAGE;
}

/* Append an op under the current scope's label; bad operands give -1. */
static rnf_val append(struct rnf_graph *g, enum rnf_op_kind kind, const int *in,
		      int n_in, int64_t h, int64_t w, int64_t c)
{
	for (int i = 0; i < n_in; i++)
		if (in[i] < 0) return -1;
	if (h < 1 || w < 1 || c < 1)
		return g->fail(g, "%s: its output would be %lld x %lld x %lld",
			       rnf_op_info[kind].name, (long long)h,
			       (long long)w, (long long)c);
	if (h * w > values_max / c)
		return g->fail(g, "%s: its output would have %lld x %lld x %lld values, more "
			       "than 2^36", rnf_op_info[kind].name, (long long)h,
			       (long long)w, (long long)c);
	struct rnf_program *p = rnf_builder_program(g);
	const rnf_val v = rnf_op_add(p, kind, in, n_in, h, w, c);
	rnf_op_of(p, v)->label = rnf_builder_scope(g);
	return v;
}

static struct rnf_op *last(struct rnf_graph *g, rnf_val v)
{
	return rnf_op_of(rnf_builder_program(g), v);
}

static rnf_val weight(struct rnf_graph *g, const struct rnf_weight *spec)
{
	int64_t size = 1;
	for (int i = 0; i < spec->rank; i++)
		size *= spec->shape[i];
	const rnf_val v = append(g, RNF_OP_WEIGHT, NULL, 0, 1, 1, size);
	if (v < 0) return v;
	struct rnf_program *p = rnf_builder_program(g);
	const char *name = rnf_builder_name(g, spec->name);
	for (size_t i = 0; i < p->n_weights; i++)
		if (strcmp(p->weights[i].name, name) == 0)
			return g->fail(g, "two tensors are called %s: give the "
				       "layers names that differ", name);
	p->values[v].weight = (int)p->n_weights;
	p->values[v].needs_grad = !spec->state;
	struct rnf_model_weight *w =
		rnf_push((void **)&p->weights, &p->n_weights, sizeof *w);
	*w = (struct rnf_model_weight){
		.name = name, .rank = spec->rank, .size = size,
		.offset = p->block, .fan_in = spec->fan_in,
		.fan_out = spec->fan_out, .initializer = spec->initializer,
		.value = spec->value, .l2 = spec->l2, .state = spec->state,
		.value_id = v, .gradient = -1,
	};
	memcpy(w->shape, spec->shape, sizeof w->shape);
	p->block += rnf_round16(size);
	return v;
}

static rnf_val conv2d(struct rnf_graph *g, rnf_val x, rnf_val kernel,
		      const struct rnf_window *window, int64_t groups,
		      enum rnf_algorithm algorithm)
{
	if (!is_image(g, x) || kernel < 0) return -1;
	const struct rnf_model_weight *w =
		&rnf_builder_program(g)->weights[value(g, kernel)->weight];
	if (w->rank != 4 || groups < 1 || w->shape[2] * groups != value(g, x)->c)
		return g->fail(g, "conv2d: a kernel for %lld x %lld channels "
			       "does not fit an input of %lld",
			       (long long)w->shape[2], (long long)groups,
			       (long long)value(g, x)->c);
	const rnf_val y = append(g, RNF_OP_CONV, (int[]){ x, kernel }, 2,
				 window->out_h, window->out_w, w->shape[3]);
	if (y < 0) return y;
	last(g, y)->window = *window;
	last(g, y)->groups = groups;
	last(g, y)->algorithm = algorithm;
	return y;
}

static rnf_val matmul(struct rnf_graph *g, rnf_val x, rnf_val w)
{
	if (!is_image(g, x) || w < 0) return -1;
	const struct rnf_value *v = value(g, x);
	return append(g, RNF_OP_MATMUL, (int[]){ x, w }, 2, v->h, v->w,
		      value(g, w)->c / v->c);
}

/* An op whose output has x's shape. */
static rnf_val like(struct rnf_graph *g, enum rnf_op_kind kind, rnf_val x,
		    const int *in, int n_in)
{
	if (!is_image(g, x)) return -1;
	const struct rnf_value *v = value(g, x);
	return append(g, kind, in, n_in, v->h, v->w, v->c);
}

static rnf_val bias(struct rnf_graph *g, rnf_val x, rnf_val b)
{
	return like(g, RNF_OP_BIAS, x, (int[]){ x, b }, 2);
}

static rnf_val batch_norm(struct rnf_graph *g, rnf_val x, rnf_val gamma,
			  rnf_val beta, rnf_val mean, rnf_val variance,
			  double eps, double momentum)
{
	if (!is_image(g, x)) return -1;
	const int64_t c = value(g, x)->c;
	rnf_val coef;
	if (g->training) {
		const rnf_val stats = append(g, RNF_OP_STATS,
					     (int[]){ x, mean }, 2, 1, 1, 2 * c);
		coef = append(g, RNF_OP_BN_COEF,
			      (int[]){ stats, gamma, beta, mean, variance }, 5,
			      1, 1, 5 * c);
		if (coef < 0) return -1;
		last(g, coef)->offset = value(g, x)->h * value(g, x)->w;
	} else {
		coef = append(g, RNF_OP_BN_COEF_FIXED,
			      (int[]){ gamma, beta, mean, variance }, 4, 1, 1,
			      5 * c);
		if (coef < 0) return -1;
	}
	last(g, coef)->eps = eps;
	last(g, coef)->momentum = momentum;
	return like(g, RNF_OP_AFFINE, x, (int[]){ x, coef }, 2);
}

static rnf_val pointwise(struct rnf_graph *g, rnf_val x,
			 const struct rnf_activation_impl *impl, const void *self)
{
	const rnf_val y = like(g, RNF_OP_ACT, x, &x, 1);
	if (y < 0) return y;
	struct rnf_op *op = last(g, y);
	op->act = impl;
	op->self = self;
	/* A key of the layer's place, not of the op's number, so that the same
	 * layer draws the same numbers in every plan. */
	for (const char *s = op->label; *s; s++)
		op->node = op->node * 1099511628211ull + (unsigned char)*s;
	return y;
}

static rnf_val scale(struct rnf_graph *g, rnf_val x, rnf_val s)
{
	if (is_image(g, x) && is_image(g, s) &&
	    (value(g, s)->h != 1 || value(g, s)->w != 1 ||
	     value(g, s)->c != value(g, x)->c))
		return g->fail(g, "scale: needs one factor a channel");
	return like(g, RNF_OP_SCALE, x, (int[]){ x, s }, 2);
}

static rnf_val add(struct rnf_graph *g, rnf_val a, rnf_val b)
{
	if (!is_image(g, a) || !is_image(g, b)) return -1;
	const struct rnf_value *x = value(g, a), *y = value(g, b);
	if (x->h != y->h || x->w != y->w || x->c != y->c)
		return g->fail(g, "add: %lld x %lld x %lld and %lld x %lld x %lld "
			       "differ", (long long)x->h, (long long)x->w,
			       (long long)x->c, (long long)y->h,
			       (long long)y->w, (long long)y->c);
	return like(g, RNF_OP_ADD, a, (int[]){ a, b }, 2);
}

static rnf_val pool(struct rnf_graph *g, enum rnf_op_kind kind, rnf_val x,
		    const struct rnf_window *window)
{
	if (!is_image(g, x)) return -1;
	const rnf_val y = append(g, kind, &x, 1, window->out_h, window->out_w,
				 value(g, x)->c);
	if (y >= 0) last(g, y)->window = *window;
	return y;
}

static rnf_val avgpool(struct rnf_graph *g, rnf_val x, const struct rnf_window *w)
{
	return pool(g, RNF_OP_AVGPOOL, x, w);
}

static rnf_val maxpool(struct rnf_graph *g, rnf_val x, const struct rnf_window *w)
{
	return pool(g, RNF_OP_MAXPOOL, x, w);
}

static rnf_val global_avgpool(struct rnf_graph *g, rnf_val x)
{
	if (!is_image(g, x)) return -1;
	return append(g, RNF_OP_GLOBAL_AVG, &x, 1, 1, 1, value(g, x)->c);
}

/* The largest pixel of a window that is the whole image. */
static rnf_val global_maxpool(struct rnf_graph *g, rnf_val x)
{
	if (!is_image(g, x)) return -1;
	const struct rnf_value *v = value(g, x);
	return maxpool(g, x, &(struct rnf_window){
		.kernel_h = v->h, .kernel_w = v->w, .stride = 1, .out_h = 1,
		.out_w = 1 });
}

static rnf_val concat(struct rnf_graph *g, const rnf_val *in, size_t n)
{
	if (n < 1 || n > RNF_OP_INPUTS)
		return g->fail(g, "concat: takes 1 .. %d inputs, got %zu",
			       RNF_OP_INPUTS, n);
	int64_t c = 0;
	for (size_t i = 0; i < n; i++) {
		if (!is_image(g, in[i])) return -1;
		const struct rnf_value *a = value(g, in[0]), *b = value(g, in[i]);
		if (a->h != b->h || a->w != b->w)
			return g->fail(g, "concat: sizes differ");
		c += b->c;
	}
	return append(g, RNF_OP_CONCAT, in, (int)n, value(g, in[0])->h,
		      value(g, in[0])->w, c);
}

void rnf_primitives(struct rnf_graph *g)
{
	g->weight = weight;
	g->conv2d = conv2d;
	g->matmul = matmul;
	g->bias = bias;
	g->batch_norm = batch_norm;
	g->pointwise = pointwise;
	g->scale = scale;
	g->add = add;
	g->avgpool = avgpool;
	g->maxpool = maxpool;
	g->global_avgpool = global_avgpool;
	g->global_maxpool = global_maxpool;
	g->concat = concat;
}
