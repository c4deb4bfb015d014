#include "op/tape.h"

#include "base/status.h"

int rnf_tape_append(struct rnf_tape *t, const struct rnf_op *forward,
		    const struct rnf_op_row *row, const int *in, int n_in, int64_t h,
		    int64_t w, int64_t c)
{
	const struct rnf_op from = *forward; /* it moves when the program grows */
	const int v = rnf_op_add(t->p, row, in, n_in, h, w, c);
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

int rnf_tape_append_like(struct rnf_tape *t, const struct rnf_op *forward,
			 const struct rnf_op_row *row, const int *in, int n_in, int like)
{
	const struct rnf_value v = rnf_tape_value(t, like);
	return rnf_tape_append(t, forward, row, in, n_in, v.h, v.w, v.c);
}

void rnf_tape_receive(struct rnf_tape *t, const struct rnf_op *forward, int v, int d)
{
	if (!rnf_tape_value(t, v).needs_grad) return;
	t->grad[v] = t->grad[v] < 0 ? d
		: rnf_tape_append_like(t, forward, &rnf_op_row_add, (int[]){ t->grad[v], d }, 2, v);
}

void rnf_tape_receive_weight(struct rnf_tape *t, int v, int gradient, int64_t offset)
{
	struct rnf_model_weight *w = &t->p->weights[rnf_tape_value(t, v).weight];
	if (w->gradient >= 0)
		t->status = rnf_fail(RNF_EINVAL, "the tensor %s is used twice: "
				     "a weight belongs to one layer", w->name);
	w->gradient = gradient;
	w->gradient_offset = offset;
}
