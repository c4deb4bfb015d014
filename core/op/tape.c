#include "op/tape.h"

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
	op->open = from.open;
	op->scratch = from.scratch;
	op->self = from.self;
	op->node = from.node;
	op->frozen = from.frozen;
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

void rnf_tape_pass(struct rnf_tape *t, const struct rnf_op *forward, int v,
		   const struct rnf_op_row *row, const int *in, int n_in)
{
	if (rnf_tape_value(t, v).needs_grad)
		rnf_tape_receive(t, forward, v, rnf_tape_append_like(t, forward, row, in, n_in, v));
}

/* out = a + b: gradients of a weight that has several readers. */
static void add_gradients(const struct rnf_batch_io *io)
{
	const float *a = io->in[0] + io->op->offset[0], *b = io->in[1] + io->op->offset[1];
	for (int64_t i = 0; i < io->c; i++)
		io->out[i] = a[i] + b[i];
}

static const struct rnf_op_row gradients_row = {
	.name = "add_gradients", .words = "a weight's gradient", .class = RNF_BATCH,
	.in = { RNF_VECTORS("a", 1), RNF_VECTORS("b", 1) }, .rows = 1, .batch = add_gradients,
};

static int join(struct rnf_tape *t, const struct rnf_model_weight *w, int gradient,
		int64_t offset)
{
	const int v = rnf_op_add(t->p, &gradients_row, (int[]){ w->gradient, gradient }, 2, 1, 1,
				 w->size);
	struct rnf_op *op = rnf_op_of(t->p, v);
	op->label = w->name;
	op->offset[0] = w->gradient_offset;
	op->offset[1] = offset;
	return v;
}

void rnf_tape_receive_weight(struct rnf_tape *t, int v, int gradient, int64_t offset)
{
	struct rnf_model_weight *w = rnf_tensor_of(t->p, v);
	const int again = w->gradient >= 0;
	if (!rnf_tape_value(t, v).needs_grad) return;
	w->gradient = again ? join(t, w, gradient, offset) : gradient;
	w->gradient_offset = again ? 0 : offset;
	t->grad[v] = w->gradient;
}
