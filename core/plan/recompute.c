/* Phases, stored values and clones. A phase is a barrier depth. A value that a
 * later phase reads is stored, unless cheap ops made it: those are run again
 * from their stored source, so normalised and activated tensors are never kept. Where the
 * program asks for it, so is a sum of values that are stored anyway: of a row of blocks,
 * each of which adds to the last one's sum, every second. */
#include <string.h>

#include "base/arena.h"
#include "plan/planner.h"

int rnf_plan_depth(const struct rnf_program *p, int op, int fused)
{
	return fused ? p->ops[op].depth : op;
}

struct sweep {
	const struct rnf_program *p;
	int fused;
	char *need, *stored;
	const char *before; /* stored if no sum is cheap; NULL: none is */
	/* of ops: cheap; with inputs that are stored anyway, or made of such without a sum */
	int *cheap, *ready;
};

static int is_ready(const struct sweep *s, int value)
{
	const int from = s->p->values[value].op;
	if (s->p->values[value].domain != RNF_IMAGE) return 1;
	if (!s->cheap[from]) return s->before[value];
	return s->ready[from] && s->p->ops[from].kind != RNF_OP_ADD;
}

static int has_ready_inputs(const struct sweep *s, const struct rnf_op *op)
{
	for (int i = 0; i < op->n_in; i++)
		if (!is_ready(s, op->in[i])) return 0;
	return 1;
}

/* Gradients are sums too, but what they are made of is gone by then. */
static int is_cheap(const struct sweep *s, int id)
{
	const struct rnf_op *op = &s->p->ops[id];
	const struct rnf_value *v = &s->p->values[op->out];
	if (!s->fused || v->h * v->w == 1) return 0;
	if (op->kind != RNF_OP_ADD) return rnf_op_info[op->kind].cheap;
	return op->out < s->p->loss && s->ready[id];
}

/* In the order of the ops, each after its inputs. */
static void find_cheap(struct sweep *s)
{
	for (int i = 0; i < (int)s->p->n_ops; i++) {
		s->ready[i] = s->before && has_ready_inputs(s, &s->p->ops[i]);
		s->cheap[i] = is_cheap(s, i);
	}
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
		     s->cheap[from]))
			demand(s, phase, from);
		else
			s->stored[v] = 1;
	}
}

static void sweep(struct sweep *s)
{
	const struct rnf_program *p = s->p;
	find_cheap(s);
	for (int i = 0; i < (int)p->n_ops; i++) {
		const enum rnf_op_class class = rnf_op_info[p->ops[i].kind].class;
		const int v = p->ops[i].out;
		const int result = v == p->logits || v == p->loss;
		if (class == RNF_SOURCE || class == RNF_BARRIER) continue;
		if (result) s->stored[v] = 1;
		if (result || !s->cheap[i])
			demand(s, rnf_plan_depth(p, i, s->fused), i);
	}
	s->stored[p->input] = 1;
}

void rnf_recompute(const struct rnf_program *p, int fused, size_t n_phases, char *need,
		   char *stored)
{
	struct sweep s = { p, fused, need, stored, NULL,
			   rnf_alloc(p->n_ops * sizeof *s.cheap),
			   rnf_alloc(p->n_ops * sizeof *s.ready) };
	char *before;
	sweep(&s);
	if (p->recompute != RNF_RECOMPUTE_SUMS) return;
	s.before = before = rnf_alloc(p->n_values);
	memcpy(before, stored, p->n_values);
	memset(stored, 0, p->n_values);
	memset(need, 0, n_phases * p->n_ops);
	sweep(&s);
}
