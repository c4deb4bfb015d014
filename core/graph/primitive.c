/* Primitives as layers call them: check the operands, append the ops. */
#include <rnframe/random.h>
#include <string.h>

#include "base/arena.h"
#include "graph/graph.h"

/* Of a value in one image: with these the places of a thousand values and the largest batch
 * fit into 63 bits. */
static const int64_t values_max = (int64_t)1 << 36;

static rnf_val check_output(struct rnf_graph *g, enum rnf_op_kind kind, int64_t h, int64_t w,
			    int64_t c)
{
	if (h < 1 || w < 1 || c < 1)
		return g->fail(g, "%s: its output would be %lld x %lld x %lld",
			       rnf_op_info[kind].name, (long long)h,
			       (long long)w, (long long)c);
	if (h * w > values_max / c)
		return g->fail(g, "%s: its output would have %lld x %lld x %lld values, more "
			       "than 2^36", rnf_op_info[kind].name, (long long)h,
			       (long long)w, (long long)c);
	return 0;
}

/* Append what `op` describes, under the current scope's label, when its operands may be
 * those of such an op. */
static rnf_val append(struct rnf_graph *g, const struct rnf_op *op, int64_t h, int64_t w,
		      int64_t c)
{
	if (rnf_roles_check(g, op, c) < 0 || check_output(g, op->kind, h, w, c) < 0) return -1;
	struct rnf_program *p = rnf_builder_program(g);
	const rnf_val v = rnf_op_add(p, op->kind, op->in, op->n_in, h, w,
				     c * rnf_op_rows(op->kind));
	struct rnf_op *made = rnf_op_of(p, v);
	const int depth = made->depth;
	*made = *op;
	made->depth = depth;
	made->out = v;
	if (made->groups == 0) made->groups = 1;
	made->label = rnf_builder_scope(g);
	return v;
}

/* The shape of x, or of one pixel where there is none: then append() refuses. */
static struct rnf_value shape_of(struct rnf_graph *g, rnf_val x)
{
	const struct rnf_program *p = rnf_builder_program(g);
	if (x < 0 || (size_t)x >= p->n_values)
		return (struct rnf_value){ .h = 1, .w = 1, .c = 1, .weight = -1 };
	return p->values[x];
}

/* The last dimension of a weight: the channels of what is made by it. */
static int64_t made_by(struct rnf_graph *g, rnf_val w)
{
	const struct rnf_value v = shape_of(g, w);
	if (v.weight < 0) return 1;
	const struct rnf_model_weight *t = &rnf_builder_program(g)->weights[v.weight];
	return t->shape[t->rank - 1];
}

static rnf_val weight(struct rnf_graph *g, const struct rnf_weight *spec)
{
	int64_t size = 1;
	if (rnf_builder_failed(g) || rnf_weight_check(g, spec) < 0) return -1;
	for (int i = 0; i < spec->rank; i++)
		size *= spec->shape[i];
	const rnf_val v = append(g, &(struct rnf_op){ .kind = RNF_OP_WEIGHT }, 1, 1, size);
	if (v < 0) return v;
	struct rnf_program *p = rnf_builder_program(g);
	const char *name = rnf_builder_name(g, spec->name);
	if (rnf_names_add(&p->names, name, (int64_t)p->n_weights) >= 0)
		return g->fail(g, "two tensors are called %s: give the layers names that "
			       "differ", name);
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
	if (!window) return rnf_builder_broken(g, "conv2d: its window is NULL");
	if (groups < 1)
		return rnf_builder_broken(g, "conv2d: groups is %lld, must be 1 or more",
					  (long long)groups);
	return append(g, &(struct rnf_op){ .kind = RNF_OP_CONV, .in = { x, kernel }, .n_in = 2,
					   .window = *window, .groups = groups,
					   .algorithm = algorithm },
		      window->out_h, window->out_w, made_by(g, kernel));
}

static rnf_val matmul(struct rnf_graph *g, rnf_val x, rnf_val w)
{
	const struct rnf_value v = shape_of(g, x);
	return append(g, &(struct rnf_op){ .kind = RNF_OP_MATMUL, .in = { x, w }, .n_in = 2 },
		      v.h, v.w, made_by(g, w));
}

/* An op whose output has the shape of its first operand. */
static rnf_val like(struct rnf_graph *g, const struct rnf_op *op)
{
	const struct rnf_value v = shape_of(g, op->in[0]);
	return append(g, op, v.h, v.w, v.c);
}

static rnf_val bias(struct rnf_graph *g, rnf_val x, rnf_val b)
{
	return like(g, &(struct rnf_op){ .kind = RNF_OP_BIAS, .in = { x, b }, .n_in = 2 });
}

static rnf_val batch_norm(struct rnf_graph *g, rnf_val x, rnf_val gamma,
			  rnf_val beta, rnf_val mean, rnf_val variance,
			  double eps, double momentum)
{
	const struct rnf_value v = shape_of(g, x);
	struct rnf_op coef = { .kind = RNF_OP_BN_COEF_FIXED, .n_in = 4, .eps = eps,
			       .in = { gamma, beta, mean, variance }, .momentum = momentum };
	if (g->training) {
		const rnf_val stats = append(g, &(struct rnf_op){ .kind = RNF_OP_STATS,
					     .in = { x }, .n_in = 1 }, 1, 1, v.c);
		coef = (struct rnf_op){ .kind = RNF_OP_BN_COEF, .n_in = 5, .eps = eps,
					.in = { stats, gamma, beta, mean, variance },
					.momentum = momentum, .offset = v.h * v.w };
	}
	const rnf_val c = append(g, &coef, 1, 1, v.c);
	return like(g, &(struct rnf_op){ .kind = RNF_OP_AFFINE, .in = { x, c }, .n_in = 2 });
}

/* Of the layer's ops, which are the last ones: has one the key? Those of layers that it is
 * made of are among them, and their labels begin with its own. */
static int is_drawn_by(const struct rnf_program *p, const char *label, uint64_t node)
{
	const size_t n = strlen(label);
	for (size_t i = p->n_ops; i > 0; i--) {
		const struct rnf_op *op = &p->ops[i - 1];
		if (!op->label || strncmp(op->label, label, n) != 0) return 0;
		if (op->kind == RNF_OP_ACT && op->node == node) return 1;
	}
	return 0;
}

/* A key of the layer's place, not of the op's number, so that the same layer draws the same
 * numbers in every plan. Further ops of a layer have keys that follow from its name's. */
static uint64_t key_of(const struct rnf_program *p, const char *label)
{
	uint64_t key = 0;
	for (const char *s = label; *s; s++)
		key = key * 1099511628211ull + (unsigned char)*s;
	for (uint64_t first = key, n = 1; is_drawn_by(p, label, key); n++)
		key = rnf_random_key(first, n);
	return key;
}

static rnf_val pointwise(struct rnf_graph *g, rnf_val x,
			 const struct rnf_activation_impl *impl, const void *self)
{
	return like(g, &(struct rnf_op){ .kind = RNF_OP_ACT, .in = { x }, .n_in = 1,
		.act = impl, .self = self,
		.node = key_of(rnf_builder_program(g), rnf_builder_scope(g)) });
}

static rnf_val scale(struct rnf_graph *g, rnf_val x, rnf_val s)
{
	return like(g, &(struct rnf_op){ .kind = RNF_OP_SCALE, .in = { x, s }, .n_in = 2 });
}

static rnf_val add(struct rnf_graph *g, rnf_val a, rnf_val b)
{
	return like(g, &(struct rnf_op){ .kind = RNF_OP_ADD, .in = { a, b }, .n_in = 2 });
}

static rnf_val pool(struct rnf_graph *g, enum rnf_op_kind kind, rnf_val x,
		    const struct rnf_window *window)
{
	if (!window)
		return rnf_builder_broken(g, "%s: its window is NULL", rnf_op_signature[kind].call);
	return append(g, &(struct rnf_op){ .kind = kind, .in = { x }, .n_in = 1,
					   .window = *window },
		      window->out_h, window->out_w, shape_of(g, x).c);
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
	return append(g, &(struct rnf_op){ .kind = RNF_OP_GLOBAL_AVG, .in = { x }, .n_in = 1 },
		      1, 1, shape_of(g, x).c);
}

/* The largest pixel of a window that is the whole image. */
static rnf_val global_maxpool(struct rnf_graph *g, rnf_val x)
{
	const struct rnf_value v = shape_of(g, x);
	return maxpool(g, x, &(struct rnf_window){
		.kernel_h = v.h, .kernel_w = v.w, .stride = 1, .out_h = 1, .out_w = 1 });
}

static rnf_val concat(struct rnf_graph *g, const rnf_val *in, size_t n)
{
	struct rnf_op op = { .kind = RNF_OP_CONCAT };
	if (!in || n < 1 || n > RNF_OP_INPUTS)
		return g->fail(g, "concat: takes 1 .. %d inputs, got %zu",
			       RNF_OP_INPUTS, n);
	int64_t c = 0;
	for (; (size_t)op.n_in < n; op.n_in++) {
		op.in[op.n_in] = in[op.n_in];
		c += shape_of(g, in[op.n_in]).c;
	}
	const struct rnf_value first = shape_of(g, in[0]);
	return append(g, &op, first.h, first.w, c);
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
