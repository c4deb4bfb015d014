/* Reverse-mode differentiation: calls the gradients of the ops' rows backwards. L2 is not
 * part of the graph: the optimizer adds it. */
#include "base/arena.h"
#include "base/status.h"
#include "graph/graph.h"
#include "op/tape.h"

static rnf_status check_weights(const struct rnf_program *p)
{
	for (size_t i = 0; i < p->n_weights; i++)
		if (p->values[p->weights[i].value_id].needs_grad && p->weights[i].gradient < 0)
			return rnf_fail(RNF_EINVAL, "the tensor %s has no "
					"influence on the output",
					p->weights[i].name);
	return RNF_OK;
}

static void append_loss(struct rnf_tape *t)
{
	struct rnf_program *p = t->p;
	p->loss = rnf_tape_append(t, rnf_op_of(p, p->logits), &rnf_op_row_loss, &p->logits, 1, 1,
				  1, 1);
	t->grad[p->logits] = rnf_tape_append_like(t, rnf_op_of(p, p->logits), &rnf_op_row_loss_bwd,
						  &p->logits, 1, p->logits);
}

rnf_status rnf_graph_differentiate(struct rnf_program *p)
{
	const size_t n = p->n_ops, n_values = p->n_values;
	struct rnf_tape tape = { .p = p };
	tape.grad = rnf_alloc(n_values * sizeof *tape.grad);
	for (size_t i = 0; i < n_values; i++)
		tape.grad[i] = -1;
	append_loss(&tape);
	for (size_t i = n; i-- > 0;) {
		const struct rnf_op op = p->ops[i];
		if (op.row->gradient && tape.grad[op.out] >= 0)
			op.row->gradient(&tape, &op, tape.grad[op.out]);
	}
	return check_weights(p);
}
