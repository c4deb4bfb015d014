/* Sums over the batch in a fixed binary tree of leaves: which sums are added depends on
 * their indices only, never on threads or time. */
#include "exec/exec.h"
#include "op/tile.h"

static int siblings(const struct rnf_partial *a, const struct rnf_partial *b)
{
	return a->level == b->level && (a->index ^ 1) == b->index;
}

/* Floats, then doubles. */
static void add(const struct rnf_phase *phase, float *left, const float *right)
{
	const int64_t floats = phase->reductions - 2 * phase->doubles;
	double *wide = (double *)(void *)(left + floats);
	rnf_add_tile(floats, left, right, left);
	rnf_add_doubles(phase->doubles, wide, (const double *)(const void *)(right + floats),
			wide);
}

void rnf_reduce_push(struct rnf_partial *stack, int *n, struct rnf_partial leaf,
		     const struct rnf_phase *phase)
{
	stack[(*n)++] = leaf;
	while (*n > 1 && siblings(&stack[*n - 2], &stack[*n - 1])) {
		struct rnf_partial *left = &stack[*n - 2];
		add(phase, left->sum, stack[*n - 1].sum);
		left->level++;
		left->index >>= 1;
		(*n)--;
	}
}

/* A worker that goes backwards has its last images first. A node without a right sibling
 * equals its left child, so the last nodes on the stack move up to the level of the one
 * before them and are added. */
const float *rnf_reduce_finish(const struct rnf_exec *exec, const struct rnf_phase *phase)
{
	struct rnf_partial stack[2 * RNF_PARTIALS];
	int n = 0;
	for (int i = 0; i < exec->n_workers; i++) {
		const struct rnf_worker *w = &exec->workers[i];
		for (int k = 0; k < w->n_partials; k++) {
			const int at = rnf_goes_back(w) ? w->n_partials - 1 - k : k;
			rnf_reduce_push(stack, &n, w->partials[at], phase);
		}
	}
	while (n > 1) {
		add(phase, stack[n - 2].sum, stack[n - 1].sum);
		n--;
	}
	return n ? stack[0].sum : NULL;
}
