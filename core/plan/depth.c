/* Numbers the phases. A phase is a barrier depth: all image ops between two sums over the
 * batch. An image walks through a whole phase before the next one does, so the weights of a
 * phase must stay in a core's cache, or each image fetches them from memory again. Where they
 * do not fit, the depth is cut into several phases, in the order of the program. */
#include "base/arena.h"
#include "plan/planner.h"

/* Floats of weights and of their gradients in a phase. Half of a usual L2: the other half is
 * for images. No size of this machine's: a plan is the same everywhere. */
enum { WEIGHTS_MAX = 1 << 18 };

/* Depths of a program, and the parts of each. */
struct parts {
	int *cuts, *first; /* cuts of each depth; number of its first phase */
	int64_t *floats;   /* of weights, in the last part of each depth */
};

static int is_heavy(const struct rnf_op *op)
{
	return rnf_class_of(op) == RNF_HEAVY || rnf_class_of(op) == RNF_HEAVY_REDUCE;
}

/* What an op reads or sums that is no image: it serves all images. */
static int64_t weights_of(const struct rnf_program *p, const struct rnf_op *op)
{
	int64_t floats = rnf_is_reduce(op) ? rnf_value_size(&p->values[op->out]) : 0;
	for (int i = 0; i < op->n_in; i++)
		if (p->values[op->in[i]].domain != RNF_IMAGE)
			floats += rnf_value_size(&p->values[op->in[i]]);
	return floats;
}

/* The part of its depth that the program's next op falls into. Chains stay with the heavy op
 * whose output they read. */
static int part_of(const struct rnf_program *p, struct parts *parts, const struct rnf_op *op)
{
	if (op->row->batch || rnf_row_is_given(op->row)) return 0;
	const int64_t floats = weights_of(p, op);
	int64_t *sum = &parts->floats[op->depth];
	if (is_heavy(op) && *sum > 0 && *sum + floats > WEIGHTS_MAX) {
		parts->cuts[op->depth]++;
		*sum = 0;
	}
	*sum += floats;
	return parts->cuts[op->depth];
}

int *rnf_phases_number(const struct rnf_program *p, int fused)
{
	int *phase_of = rnf_alloc(p->n_ops * sizeof *phase_of);
	struct parts parts = { .cuts = rnf_alloc((p->n_ops + 1) * sizeof *parts.cuts),
			       .first = rnf_alloc((p->n_ops + 1) * sizeof *parts.first),
			       .floats = rnf_alloc((p->n_ops + 1) * sizeof *parts.floats) };
	for (size_t i = 0; i < p->n_ops; i++)
		phase_of[i] = fused ? part_of(p, &parts, &p->ops[i]) : (int)i;
	if (!fused) return phase_of;
	for (size_t d = 0; d < p->n_ops; d++)
		parts.first[d + 1] = parts.first[d] + parts.cuts[d] + 1;
	for (size_t i = 0; i < p->n_ops; i++)
		phase_of[i] += parts.first[p->ops[i].depth];
	return phase_of;
}
