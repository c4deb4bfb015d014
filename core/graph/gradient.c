/* Reverse mode on the primitive graph: one rule a primitive. Batch norm is
 * differentiated as one (statistics and affine together): its two sums first,
 * then one op a depth later. L2 is no part of the graph: the optimizer adds it. */
#include "base/arena.h"
#include "base/status.h"
#include "graph/graph.h"

struct tape {
	struct rnf_program *p;
	int *grad; /* of each value of the forward graph; -1: none yet */
	rnf_status status;
};

static struct rnf_value val(const struct tape *t, int v)
{
	return t->p->values[v];
}

/* Append an op of the backward pass under its forward op's label. */
static int append(struct tape *t, const struct rnf_op *forward,
		  enum rnf_op_kind kind, const int *in, int n_in,
		  int64_t h, int64_t w, int64_t c)
{
	const struct rnf_op from = *forward;
	const int v = rnf_op_add(t->p, kind, in, n_in, h, w, c);
	struct rnf_op *op = rnf_op_of(t->p, v);
	op->window = from.window;
	op->groups = from.groups;
	op->algorithm = from.algorithm;
	op->act = from.act;
	op->self = from.self;
	op->node = from.node;
	op->label = from.label;
	return v;
}

static int append_like(struct tape *t, const struct rnf_op *forward,
		       enum rnf_op_kind kind, const int *in, int n_in, int like)
{
	const struct rnf_value v = val(t, like);
	return append(t, forward, kind, in, n_in, v.h, v.w, v.c);
}

/* v receives one more gradient. */
static void receive(struct tape *t, const struct rnf_op *forward, int v, int d)
{
	if (!val(t, v).needs_grad) return;
	t->grad[v] = t->grad[v] < 0 ? d
		: append_like(t, forward, RNF_OP_ADD,
			      (int[]){ t->grad[v], d }, 2, v);
}

static void receive_weight(struct tape *t, int v, int gradient, int64_t offset)
{
	struct rnf_model_weight *w = &t->p->weights[val(t, v).weight];
	if (w->gradient >= 0)
		t->status = rnf_fail(RNF_EINVAL, "the tensor %s is used twice: "
				     "a weight belongs to one layer", w->name);
	w->gradient = gradient;
	w->gradient_offset = offset;
}

static void conv_rule(struct tape *t, const struct rnf_op *op, int d)
{
	const int x = op->in[0], w = op->in[1];
	if (val(t, x).needs_grad)
		receive(t, op, x, append_like(t, op, RNF_OP_CONV_BWD_DATA,
					      (int[]){ d, w }, 2, x));
	receive_weight(t, w, append_like(t, op, RNF_OP_CONV_BWD_WEIGHTS,
					 (int[]){ x, d }, 2, w), 0);
}

static void matmul_rule(struct tape *t, const struct rnf_op *op, int d)
{
	const int x = op->in[0], w = op->in[1];
	if (val(t, x).needs_grad)
		receive(t, op, x, append_like(t, op, RNF_OP_MATMUL_BWD_DATA,
					      (int[]){ d, w }, 2, x));
	receive_weight(t, w, append_like(t, op, RNF_OP_MATMUL_BWD_WEIGHTS,
					 (int[]){ x, d }, 2, w), 0);
}

static void bias_rule(struct tape *t, const struct rnf_op *op, int d)
{
	receive(t, op, op->in[0], d);
	receive_weight(t, op->in[1], append(t, op, RNF_OP_BIAS_BWD, &d, 1, 1, 1,
					    val(t, d).c), 0);
}

/* y = affine(x, coef(stats(x), gamma, beta)). With m the mean, s = 1 / deviation:
 * dbeta = sum dy, dgamma = s sum dy (x - m), dx = a dy + b (x - m) + k. */
static void affine_rule(struct tape *t, const struct rnf_op *op, int d)
{
	const int x = op->in[0], coef = op->in[1];
	const struct rnf_op norm = *rnf_op_of(t->p, coef);
	const int64_t c = val(t, x).c;
	const int sums = append(t, op, RNF_OP_BN_SUMS, (int[]){ d, x, coef }, 3,
				1, 1, rnf_op_rows(RNF_OP_BN_SUMS) * c);
	const int back = append(t, op, RNF_OP_BN_BWD_COEF,
				(int[]){ sums, coef }, 2, 1, 1,
				rnf_op_rows(RNF_OP_BN_BWD_COEF) * c);
	rnf_op_of(t->p, back)->offset = norm.offset;
	receive_weight(t, norm.in[1], back, 4 * c);
	receive_weight(t, norm.in[2], back, 5 * c);
	if (val(t, x).needs_grad)
		receive(t, op, x, append_like(t, op, RNF_OP_AFFINE_BWD,
					      (int[]){ d, x, back }, 3, x));
}

static void act_rule(struct tape *t, const struct rnf_op *op, int d)
{
	const int x = op->in[0];
	receive(t, op, x, append_like(t, op, RNF_OP_ACT_BWD,
				      (int[]){ x, d }, 2, x));
}

static void scale_rule(struct tape *t, const struct rnf_op *op, int d)
{
	const int x = op->in[0], s = op->in[1];
	if (val(t, x).needs_grad)
		receive(t, op, x, append_like(t, op, RNF_OP_SCALE,
					      (int[]){ d, s }, 2, x));
	if (val(t, s).needs_grad)
		receive(t, op, s, append_like(t, op, RNF_OP_DOT,
					      (int[]){ d, x }, 2, s));
}

static void add_rule(struct tape *t, const struct rnf_op *op, int d)
{
	receive(t, op, op->in[0], d);
	receive(t, op, op->in[1], d);
}

static void avgpool_rule(struct tape *t, const struct rnf_op *op, int d)
{
	const int x = op->in[0];
	receive(t, op, x, append_like(t, op, RNF_OP_AVGPOOL_BWD, &d, 1, x));
}

static void maxpool_rule(struct tape *t, const struct rnf_op *op, int d)
{
	const int x = op->in[0];
	receive(t, op, x, append_like(t, op, RNF_OP_MAXPOOL_BWD,
				      (int[]){ x, d }, 2, x));
}

static void global_avg_rule(struct tape *t, const struct rnf_op *op, int d)
{
	const int x = op->in[0];
	receive(t, op, x, append_like(t, op, RNF_OP_GLOBAL_AVG_BWD, &d, 1, x));
}

static void concat_rule(struct tape *t, const struct rnf_op *op, int d)
{
	int64_t offset = 0;
	for (int i = 0; i < op->n_in; i++) {
		const int x = op->in[i];
		const int part = append_like(t, op, RNF_OP_SLICE, &d, 1, x);
		rnf_op_of(t->p, part)->offset = offset;
		offset += val(t, x).c;
		receive(t, op, x, part);
	}
}

static void (*const rules[RNF_OP_KINDS])(struct tape *, const struct rnf_op *,
					 int d) = {
	[RNF_OP_CONV] = conv_rule,
	[RNF_OP_MATMUL] = matmul_rule,
	[RNF_OP_BIAS] = bias_rule,
	[RNF_OP_AFFINE] = affine_rule,
	[RNF_OP_ACT] = act_rule,
	[RNF_OP_SCALE] = scale_rule,
	[RNF_OP_ADD] = add_rule,
	[RNF_OP_AVGPOOL] = avgpool_rule,
	[RNF_OP_MAXPOOL] = maxpool_rule,
	[RNF_OP_GLOBAL_AVG] = global_avg_rule,
	[RNF_OP_CONCAT] = concat_rule,
};

static rnf_status check_weights(const struct rnf_program *p)
{
	for (size_t i = 0; i < p->n_weights; i++)
		if (!p->weights[i].state && p->weights[i].gradient < 0)
			return rnf_fail(RNF_EINVAL, "the tensor %s has no "
					"influence on the output",
					p->weights[i].name);
	return RNF_OK;
}

rnf_status rnf_graph_differentiate(struct rnf_program *p)
{
	const size_t n = p->n_ops, n_values = p->n_values;
	struct tape tape = { .p = p, .status = RNF_OK };
	tape.grad = rnf_alloc(n_values * sizeof *tape.grad);
	for (size_t i = 0; i < n_values; i++)
		tape.grad[i] = -1;
	const struct rnf_op *head = rnf_op_of(p, p->logits);
	p->loss = append(&tape, head, RNF_OP_LOSS, &p->logits, 1, 1, 1, 1);
	head = rnf_op_of(p, p->logits);
	tape.grad[p->logits] = append_like(&tape, head, RNF_OP_LOSS_BWD,
					   &p->logits, 1, p->logits);
	for (size_t i = n; i-- > 0;) {
		const struct rnf_op op = p->ops[i];
		if (rules[op.kind] && tape.grad[op.out] >= 0)
			rules[op.kind](&tape, &op, tape.grad[op.out]);
	}
	RNF_TRY(tape.status);
	return check_weights(p);
}
