/* The fixed binary tree over leaves of images: which sums are added to which
 * depends on their indices only, never on threads or time. */
#include "exec/exec.h"
#include "kernel/pointwise.h"

static int siblings(const struct rnf_partial *a, const struct rnf_partial *b)
{
	return a->level == b->level && (a->index ^ 1) == b->index;
}

void rnf_reduce_push(struct rnf_partial *stack, int *n, struct rnf_partial leaf,
		     int64_t size)
{
	stack[(*n)++] = leaf;
	while (*n > 1 && siblings(&stack[*n - 2], &stack[*n - 1])) {
		struct rnf_partial *left = &stack[*n - 2];
		rnf_add_tile(size, left->sum, stack[*n - 1].sum, left->sum);
		left->level++;
		left->index >>= 1;
		(*n)--;
	}
}

/* A worker that goes back has its last images first. A node without a right sibling is
 * its left child: the last ones on the stack rise to the next one's level and are added. */
const float *rnf_reduce_finish(const struct rnf_exec *exec, int64_t size)
{
	struct rnf_partial stack[2 * RNF_PARTIALS];
	int n = 0;
	for (int i = 0; i < exec->n_workers; i++) {
		const struct rnf_worker *w = &exec->workers[i];
		for (int k = 0; k < w->n_partials; k++) {
			const int at = rnf_goes_back(w) ? w->n_partials - 1 - k : k;
			rnf_reduce_push(stack, &n, w->partials[at], size);
		}
	}
	while (n > 1) {
		rnf_add_tile(size, stack[n - 2].sum, stack[n - 1].sum,
			     stack[n - 2].sum);
		n--;
	}
	return n ? stack[0].sum : NULL;
}
