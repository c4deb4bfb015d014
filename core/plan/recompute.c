/* Phases, stored values and clones. A phase is a barrier depth. A value that a
 * later phase reads is stored, unless cheap ops made it: those are run again
 * from their stored source, so normalised and activated tensors are never kept. */
#include "plan/plan.h"

int rnf_plan_depth(const struct rnf_program *p, int op, int fused)
{
	return fused ? p->ops[op].depth : op;
}

struct sweep {
	const struct rnf_program *p;
	int fused;
	char *need, *stored;
};

static int is_cheap(const struct sweep *s, const struct rnf_op *op)
{
	const struct rnf_value *v = &s->p->values[op->out];
	return s->fused && rnf_op_info[op->kind].cheap && v->h * v->w > 1;
}

static void demand(struct sweep *s, int phase, int id)
{
	const struct rnf_program *p = s->p;
	char *need = &s->need[(size_t)phase * p->n_ops + (size_t)id];
	if (*need) return;
	*need = 1;
	for (int i = 0; i < p->ops[id].n_in; i++) {
		const int v = p->ops[id].in[i], from = p->values[v].op;
		const struct rnf_op *op = &p->ops[from];
		if (p->values[v].domain != RNF_IMAGE) continue;
		if (op->kind != RNF_OP_INPUT &&
		    (rnf_plan_depth(p, from, s->fused) == phase ||
		     is_cheap(s, op)))
			demand(s, phase, from);
		else
			s->stored[v] = 1;
	}
}

void rnf_recompute(const struct rnf_program *p, int fused, char *need,
		   char *stored)
{
	struct sweep s = { p, fused, need, stored };
	for (int i = 0; i < (int)p->n_ops; i++) {
		const enum rnf_op_class class = rnf_op_info[p->ops[i].kind].class;
		const int v = p->ops[i].out;
		const int result = v == p->logits || v == p->loss;
		if (class == RNF_SOURCE || class == RNF_BARRIER) continue;
		if (result) stored[v] = 1;
		if (result || !is_cheap(&s, &p->ops[i]))
			demand(&s, rnf_plan_depth(p, i, fused), i);
	}
	stored[p->input] = 1;
}
