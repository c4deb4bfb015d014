/* Appending to a program, and properties of the whole. */
#include <assert.h>

#include "base/arena.h"
#include "op/op.h"

static const enum rnf_domain domains[] = {
	[RNF_INPUT] = RNF_IMAGE, [RNF_TENSOR] = RNF_WEIGHT,
	[RNF_CHAIN] = RNF_IMAGE, [RNF_CHAIN_SUM] = RNF_IMAGE, [RNF_HEAVY] = RNF_IMAGE,
	[RNF_CHAIN_REDUCE] = RNF_CHANNEL, [RNF_HEAVY_REDUCE] = RNF_CHANNEL,
	[RNF_BATCH] = RNF_CHANNEL, [RNF_DERIVED] = RNF_WEIGHT, [RNF_CONSTANT] = RNF_IMAGE,
};

/* Does the row have the functions that its class needs? */
static int can_run(const struct rnf_op_row *r)
{
	switch (r->class) {
	case RNF_CHAIN: return !!r->tile;
	case RNF_CHAIN_SUM: case RNF_CHAIN_REDUCE: return r->tile && r->sum;
	case RNF_HEAVY: case RNF_HEAVY_REDUCE: return r->conv ? !!r->plain : !!r->image;
	case RNF_DERIVED: case RNF_CONSTANT: return !!r->batch;
	case RNF_BATCH: return r->batch && !r->commit == !r->is_finite;
	default: return 1;
	}
}

static int is_complete(const struct rnf_op_row *r)
{
	return r->name && r->words && r->rows >= 1 && can_run(r) &&
	       !r->partner == !(r->both && r->both_name);
}

struct rnf_op *rnf_op_of(const struct rnf_program *p, int value)
{
	return &p->ops[p->values[value].op];
}

/* Of what an op reads: a batch op that reads a sum over the batch waits for all images of its
 * phase; one that reads what another batch op made runs after that one, at the same barrier. */
static int depth_after(const struct rnf_program *p, const struct rnf_op *op,
		       const struct rnf_value *in)
{
	const int waits = op->row->class == RNF_BATCH && !in->fixed &&
			  p->ops[in->op].row->class != RNF_BATCH;
	return in->depth + waits;
}

/* What depends on the weights alone stays at depth 0. */
static void derive(const struct rnf_program *p, struct rnf_op *op, struct rnf_value *v)
{
	v->fixed = v->domain != RNF_IMAGE;
	for (int i = 0; i < op->n_in; i++) {
		const struct rnf_value *in = &p->values[op->in[i]];
		const int depth = depth_after(p, op, in);
		if (depth > v->depth) v->depth = depth;
		v->needs_grad |= in->needs_grad;
		v->fixed &= in->fixed;
	}
	op->depth = v->depth;
}

int rnf_op_add(struct rnf_program *p, const struct rnf_op_row *row, const int *in, int n_in,
	       int64_t h, int64_t w, int64_t c)
{
	assert(is_complete(row) && "the row lacks a function that its class needs");
	const int id = (int)p->n_ops;
	struct rnf_op *op = rnf_push((void **)&p->ops, &p->n_ops, sizeof *op);
	*op = (struct rnf_op){ .row = row, .n_in = n_in, .groups = 1,
			       .out = (int)p->n_values };
	struct rnf_value *v = rnf_push((void **)&p->values, &p->n_values, sizeof *v);
	*v = (struct rnf_value){ .domain = domains[row->class], .h = h, .w = w, .c = c,
				 .op = id, .weight = -1 };
	for (int i = 0; i < n_in; i++)
		op->in[i] = in[i];
	derive(p, op, v);
	return op->out;
}

int rnf_op_is_fixed(const struct rnf_program *p, const struct rnf_op *op)
{
	switch (op->row->class) {
	case RNF_DERIVED: case RNF_CONSTANT: return 1;
	case RNF_BATCH: return p->values[op->out].fixed;
	default: return 0;
	}
}

struct rnf_model_weight *rnf_tensor_of(const struct rnf_program *p, int value)
{
	const struct rnf_value *v = &p->values[value];
	if (v->domain != RNF_WEIGHT) return NULL;
	return v->weight >= 0 ? &p->weights[v->weight] : p->ops[v->op].derived;
}

int rnf_op_is_same(const struct rnf_op *a, const struct rnf_op *b)
{
	return a->act == b->act && a->open == b->open && a->self == b->self && a->node == b->node;
}

int64_t rnf_program_parameters(const struct rnf_program *program)
{
	int64_t n = 0;
	for (size_t i = 0; i < program->n_weights; i++)
		if (!program->weights[i].state) n += program->weights[i].size;
	return n;
}

int64_t rnf_program_trained(const struct rnf_program *p)
{
	int64_t n = 0;
	for (size_t i = 0; i < p->n_weights; i++)
		if (p->values[p->weights[i].value_id].needs_grad) n += p->weights[i].size;
	return n;
}

int64_t rnf_op_macs(const struct rnf_program *p, const struct rnf_op *op)
{
	return op->row->macs ? op->row->macs(p, op) : 0;
}

int64_t rnf_program_macs(const struct rnf_program *p)
{
	int64_t macs = 0;
	for (size_t i = 0; i < p->n_ops; i++)
		macs += rnf_op_macs(p, &p->ops[i]);
	return macs;
}
