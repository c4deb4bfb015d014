/* Runs a plan: each worker takes its images through the tasks of a phase, sums are merged
 * in a fixed tree at the barrier, and batch ops run once. During a run nothing here
 * allocates, locks, logs or fails. */
#ifndef RNF_EXEC_EXEC_H
#define RNF_EXEC_EXEC_H

#include "exec/threads.h"
#include "plan/plan.h"

enum { RNF_PARTIALS = 40 }; /* of a worker: up to two for each level of the tree */

/* A partial sum: node `index` of tree level `level`. */
struct rnf_partial {
	int level;
	int64_t index;
	float *sum;
};

struct rnf_times;
struct rnf_share;

struct rnf_worker {
	struct rnf_exec *exec;
	struct rnf_times *times; /* NULL: read no clock (times.h) */
	float *base[RNF_SPACES];
	float *scratch, *tiles, *accumulators, *kernel_scratch, *kept, *stack;
	float **strands;    /* of the chain at work */
	struct rnf_partial partials[RNF_PARTIALS];
	int n_partials;
	int64_t image;    /* in the batch */
	int64_t next;     /* the image that it will probably run next; -1: none */
	int first, last;  /* is the image its leaf's first (sums start), or last (sums end)? */
	int part, parts;  /* part of a task that workers share; else 0 of 1 */
	float *reduction; /* the leaf's vector */
	/* The op at work; the crash handler reads it, from other threads too (crash.h). */
	const struct rnf_op *_Atomic op;
};

struct rnf_exec {
	const struct rnf_plan *plan;
	struct rnf_threads *threads;
	struct rnf_worker *workers;
	int n_workers;
	size_t phase;
	float *packed; /* weights in the form that kernels read */
	int stale;     /* set by whoever changes the weights; training always does */
	/* of the batch: */
	int64_t images;
	int alone;    /* one leaf: the caller's thread runs it and wakes no other */
	int together; /* fewer images than workers, and no sums over the batch */
	void (*run_phase)(struct rnf_worker *, const struct rnf_phase *); /* its share */
	int64_t units; /* leaves or images of a phase, which the workers share */
	struct rnf_share *shares;
	const float *target;     /* [images][classes] */
	const uint64_t *samples; /* keys of random ops; index in the split */
	uint64_t key;            /* of (seed, epoch) */
	const struct rnf_loss_impl *loss;
	const void *loss_self;
	/* Called after each phase by the thread that ended it; NULL: none. (observe.h) */
	void (*look)(struct rnf_exec *exec);
	void *look_arg; /* what it writes to */
};

/* Allocate an executor of a plan on a pool of threads. `weights` is the block that plans share. */
struct rnf_exec *rnf_exec_create(const struct rnf_plan *plan,
				 struct rnf_threads *threads, float *weights);
/* Bytes that rnf_exec_create() allocates for a plan on so many threads. */
double rnf_exec_bytes(const struct rnf_plan *plan, int threads);
/* A stored value of all images, one slice each: input, logits, loss. */
float *rnf_exec_value(const struct rnf_exec *exec, int value, int64_t image);
/* Floats from one image's slice to the next: the value's size, rounded up. */
int64_t rnf_exec_stride(const struct rnf_exec *exec, int value);
/* Run all phases on exec->images images. */
void rnf_exec_run(struct rnf_exec *exec);
/* After a training run: is what ops keep for the next step (norms: the batch's statistics)
 * finite? If so, take it over. (batch.c) */
int rnf_exec_is_finite(const struct rnf_exec *exec);
void rnf_exec_commit(const struct rnf_exec *exec);
/* The gradient of a weight after a run. */
const float *rnf_exec_gradient(const struct rnf_exec *exec,
			       const struct rnf_model_weight *weight);

/* -- shared by the files of this folder -- */

static inline float *rnf_at(const struct rnf_worker *w, struct rnf_operand o)
{
	return w->base[o.space] + o.offset + w->image * o.stride;
}
/* The key from which random ops of the current image draw. */
static inline uint64_t rnf_sample_of(const struct rnf_worker *w)
{
	return w->exec->samples ? w->exec->samples[w->image] : 0;
}
void rnf_chain_run(struct rnf_worker *w, const struct rnf_chain *chain);
void rnf_task_run(struct rnf_worker *w, const struct rnf_task *task);
void rnf_batch_run(const struct rnf_exec *exec, const struct rnf_op *op);
/* Wait for the other workers; the one that arrives last runs last(itself). */
void rnf_exec_barrier(struct rnf_worker *w, void (*last)(void *));
/* Of two workers that share units, the second goes from the last to the first. */
static inline int rnf_goes_back(const struct rnf_worker *w)
{
	return (w - w->exec->workers) & 1;
}
void rnf_shares_create(struct rnf_exec *exec);
/* Begin a phase of exec->units, for all workers. (share.c) */
void rnf_shares_begin(struct rnf_exec *exec);
/* The next unit for a worker that has taken so many in this phase; -1: none is left. */
int64_t rnf_share_take(const struct rnf_worker *w, int64_t taken);
/* Run all images of a phase, each on all workers. (together.c) */
void rnf_images_together(struct rnf_worker *w, const struct rnf_phase *phase);
/* Push a leaf's sum and add complete siblings, left += right. */
void rnf_reduce_push(struct rnf_partial *stack, int *n, struct rnf_partial leaf,
		     const struct rnf_phase *phase);
/* Merge the partial sums of all workers, in the order of the images, into the root. */
const float *rnf_reduce_finish(const struct rnf_exec *exec, const struct rnf_phase *phase);

#endif
