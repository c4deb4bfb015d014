#include "train/view.h"

#include <string.h>

#include "base/arena.h"
#include "base/status.h"

int32_t rnf_view_value(struct rnf_view *v, struct rnf_export_value value)
{
	struct rnf_export_value *to = rnf_push((void **)&v->values, &v->n_values, sizeof *to);
	*to = value;
	return (int32_t)v->n_values - 1;
}

void rnf_view_op(struct rnf_view *v, const struct rnf_export_op *op)
{
	struct rnf_export_op *to = rnf_push((void **)&v->ops, &v->n_ops, sizeof *to);
	*to = *op;
}

/* -- values -- */

static void add_values(struct rnf_view *v, const struct rnf_named_tensor *tensors)
{
	const struct rnf_program *p = v->program;
	for (size_t i = 0; i < p->n_values; i++) {
		const struct rnf_value *from = &p->values[i];
		struct rnf_export_value to = { from->h, from->w, from->c, NULL };
		if (from->weight >= 0) to.tensor = &tensors[from->weight];
		rnf_view_value(v, to);
	}
}

/* What is derived from weights is a tensor here. */
static void derive(struct rnf_view *v, const struct rnf_op *op)
{
	const struct rnf_model_weight *w = rnf_tensor_of(v->program, op->out);
	struct rnf_named_tensor *to = rnf_alloc(sizeof *to);
	float *data = rnf_alloc((size_t)w->size * sizeof *data);
	struct rnf_batch_io io = { .op = op, .c = w->size, .out = data };
	for (int i = 0; i < op->n_in; i++) /* fwd only reads them */
		io.in[i] = (float *)(uintptr_t)v->values[op->in[i]].tensor->data;
	op->row->batch(&io);
	*to = (struct rnf_named_tensor){ .name = w->name, .rank = w->rank, .data = data };
	memcpy(to->shape, w->shape, sizeof w->shape);
	v->values[op->out].tensor = to;
}

static void add_constant(struct rnf_view *v, const struct rnf_op *op)
{
	const struct rnf_export_value *y = &v->values[op->out];
	struct rnf_named_tensor *to = rnf_alloc(sizeof *to);
	int32_t *in = rnf_alloc(sizeof *in);
	float *data = rnf_alloc((size_t)(y->h * y->w * y->c) * sizeof *data);
	op->row->batch(&(struct rnf_batch_io){ .op = op, .c = y->c, .out = data });
	*to = (struct rnf_named_tensor){ .name = op->label, .rank = 3,
					 .shape = { y->h, y->w, y->c }, .data = data };
	*in = rnf_view_value(v, (struct rnf_export_value){ y->h, y->w, y->c, to });
	rnf_view_op(v, &(struct rnf_export_op){ .call = op->row->call, .label = op->label,
						.in = in, .n_in = 1, .out = op->out });
}

/* -- ops -- */

/* Exports read what a norm's coefficients are computed from, not the coefficients. */
static int add_operand(const struct rnf_program *p, int value, int32_t *in, int n)
{
	const struct rnf_op *maker = rnf_op_of(p, value);
	if (p->values[value].domain != RNF_CHANNEL) {
		in[n] = value;
		return n + 1;
	}
	for (int i = 0; i < maker->n_in; i++)
		in[n + i] = maker->in[i];
	return n + maker->n_in;
}

static double eps_of(const struct rnf_program *p, const struct rnf_op *op)
{
	for (int i = 0; i < op->n_in; i++)
		if (p->values[op->in[i]].domain == RNF_CHANNEL)
			return rnf_op_of(p, op->in[i])->eps;
	return op->eps;
}

static void add_call(struct rnf_view *v, const struct rnf_op *op)
{
	int32_t *in = rnf_alloc(2 * RNF_OP_INPUTS * sizeof *in);
	int n = 0;
	for (int i = 0; i < op->n_in; i++)
		n = add_operand(v->program, op->in[i], in, n);
	rnf_view_op(v, &(struct rnf_export_op){
		.call = op->row->call, .label = op->label, .in = in, .n_in = (uint32_t)n,
		.out = op->out, .window = op->window, .groups = op->groups,
		.first = op->offset[0], .eps = eps_of(v->program, op) });
}

static rnf_status add_op(struct rnf_view *v, const struct rnf_op *op)
{
	int is_one = 0;
	if (op->row->formula) RNF_TRY(rnf_view_express(v, op, &is_one));
	if (is_one) return RNF_OK;
	if (op->row->formula && v->must)
		return rnf_fail(RNF_EUNSUP, "%s: %s has no formula, so %s cannot hold the model",
				op->label, op->row->words, v->what);
	add_call(v, op);
	return RNF_OK;
}

rnf_status rnf_view_fill(struct rnf_view *v, const struct rnf_named_tensor *tensors)
{
	add_values(v, tensors);
	for (size_t i = 0; i < v->program->n_ops; i++) {
		const struct rnf_op *op = &v->program->ops[i];
		const enum rnf_op_class class = op->row->class;
		if (class == RNF_DERIVED) derive(v, op);
		else if (class == RNF_CONSTANT) add_constant(v, op);
		else if (class != RNF_INPUT && class != RNF_TENSOR &&
			 v->program->values[op->out].domain != RNF_CHANNEL)
			RNF_TRY(add_op(v, op));
	}
	return RNF_OK;
}
