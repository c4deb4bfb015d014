/* Decides which values are stored, and which ops run again in later phases. A value that a
 * later phase reads is stored, unless cheap ops made it: those run again from their stored
 * source, so normalised and activated tensors are never kept. If the program asks for it, a
 * sum of stored values is recomputed too: in a row of blocks, each of which adds to the sum
 * of the one before, that is every second sum. So is every concatenation. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "plan/planner.h"

struct sweep {
	const struct rnf_planner *b;
	const struct rnf_program *p;
	size_t n_phases;
	struct rnf_op_list *need, *own; /* of each phase: what it runs; its own ops */
	char *stored;
	const char *before; /* stored if no sum were cheap; NULL: none is */
	/* for each op: is it cheap? Are its inputs stored anyway, or made from such without
	 * a sum? */
	int *cheap, *ready;
	int *needed_in; /* the latest phase visited that needs the op; -1: none */
};

static int is_ready(const struct sweep *s, int value)
{
	const int from = s->p->values[value].op;
	if (s->p->values[value].domain != RNF_IMAGE) return 1;
	if (!s->cheap[from]) return s->before[value];
	return s->ready[from] && s->p->ops[from].row->keep != RNF_CHEAP_SUM;
}

static int has_ready_inputs(const struct sweep *s, const struct rnf_op *op)
{
	for (int i = 0; i < op->n_in; i++)
		if (!is_ready(s, op->in[i])) return 0;
	return 1;
}

static int is_cheap(const struct sweep *s, int id)
{
	const struct rnf_op *op = &s->p->ops[id];
	const struct rnf_value *v = &s->p->values[op->out];
	if (!s->b->fused || v->h * v->w == 1) return 0;
	switch (op->row->keep) {
	case RNF_KEPT: return 0;
	case RNF_CHEAP: return 1;
	case RNF_CHEAP_JOIN: return s->p->recompute == RNF_RECOMPUTE_SUMS;
	/* gradients are sums too, but their terms no longer exist by then */
	default: return op->out < s->p->loss && s->ready[id];
	}
}

/* Visits ops in their order, each after its inputs. */
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
	if (s->needed_in[id] == phase) return;
	s->needed_in[id] = phase;
	rnf_list_add(&s->need[phase], id);
	for (int i = 0; i < p->ops[id].n_in; i++) {
		const int v = p->ops[id].in[i], from = p->values[v].op;
		const struct rnf_op *op = &p->ops[from];
		if (p->values[v].domain != RNF_IMAGE) continue;
		if (!rnf_row_is_given(op->row) &&
		    (rnf_own_phase(s->b, from) == phase ||
		     s->cheap[from]))
			demand(s, phase, from);
		else
			s->stored[v] = 1;
	}
}

/* Mark what an op of this phase needs. */
static void demand_own(struct sweep *s, int phase, int id)
{
	const struct rnf_program *p = s->p;
	const struct rnf_op_row *row = p->ops[id].row;
	const int v = p->ops[id].out;
	const int result = v == p->logits || v == p->loss;
	if (rnf_row_is_given(row) || row->class == RNF_TENSOR) return;
	if (result) s->stored[v] = 1;
	if (result || !s->cheap[id]) demand(s, phase, id);
}

static int ascending(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static void sweep(struct sweep *s)
{
	const struct rnf_program *p = s->p;
	memset(s->need, 0, s->n_phases * sizeof *s->need);
	memset(s->stored, 0, p->n_values);
	memset(s->needed_in, -1, p->n_ops * sizeof *s->needed_in);
	find_cheap(s);
	for (size_t phase = 0; phase < s->n_phases; phase++) {
		struct rnf_op_list *need = &s->need[phase];
		for (size_t i = 0; i < s->own[phase].n; i++)
			demand_own(s, (int)phase, s->own[phase].at[i]);
		if (need->n > 0) qsort(need->at, need->n, sizeof *need->at, ascending);
	}
	s->stored[p->input] = 1;
}

static struct rnf_op_list *list_own(const struct rnf_planner *b)
{
	struct rnf_op_list *own = rnf_alloc(b->plan->n_phases * sizeof *own);
	for (int id = 0; id < (int)b->p->n_ops; id++)
		if (!b->p->ops[id].row->batch) rnf_list_add(&own[rnf_own_phase(b, id)], id);
	return own;
}

void rnf_recompute(struct rnf_planner *b)
{
	const struct rnf_program *p = b->p;
	struct sweep s = { .b = b, .p = p, .n_phases = b->plan->n_phases, .need = b->need,
			   .own = list_own(b), .stored = b->stored,
			   .cheap = rnf_alloc(p->n_ops * sizeof *s.cheap),
			   .ready = rnf_alloc(p->n_ops * sizeof *s.ready),
			   .needed_in = rnf_alloc(p->n_ops * sizeof *s.needed_in) };
	char *before;
	sweep(&s);
	if (p->recompute != RNF_RECOMPUTE_SUMS) return;
	s.before = before = rnf_alloc(p->n_values);
	memcpy(before, b->stored, p->n_values);
	sweep(&s);
}
