/* Assigns the units of a phase (leaves, or images where there are no sums) to workers. Two
 * workers share a run of units, one from the front and the other from the back, until they
 * meet. So the units of each are contiguous, as the tree of sums requires, and a delayed
 * worker leaves more to the other. */
#include <stdatomic.h>

#include "base/arena.h"
#include "exec/exec.h"

struct rnf_share {
	int64_t from, to;
	_Atomic int64_t left; /* units that nobody has taken; below 0 after further requests */
	char padding[40];     /* to a cache line */
};

static int count_shares(const struct rnf_exec *exec)
{
	return (exec->n_workers + 1) / 2;
}

void rnf_shares_create(struct rnf_exec *exec)
{
	exec->shares = rnf_alloc((size_t)count_shares(exec) * sizeof *exec->shares);
}

void rnf_shares_begin(struct rnf_exec *exec)
{
	const int workers = exec->alone ? 1 : exec->n_workers;
	for (int i = 0; 2 * i < workers; i++) {
		struct rnf_share *s = &exec->shares[i];
		const int last = 2 * i + 1 < workers ? 2 * i + 1 : 2 * i;
		int64_t unused;
		rnf_threads_share(exec->units, 2 * i, workers, &s->from, &unused);
		rnf_threads_share(exec->units, last, workers, &unused, &s->to);
		atomic_store_explicit(&s->left, s->to - s->from, memory_order_relaxed);
	}
}

int64_t rnf_share_take(const struct rnf_worker *w, int64_t taken)
{
	struct rnf_share *s = &w->exec->shares[(w - w->exec->workers) / 2];
	if (atomic_fetch_sub_explicit(&s->left, 1, memory_order_relaxed) <= 0) return -1;
	return rnf_goes_back(w) ? s->to - 1 - taken : s->from + taken;
}
