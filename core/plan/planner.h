/* A plan in the making: what the files of this folder have in common. */
#ifndef RNF_PLAN_PLANNER_H
#define RNF_PLAN_PLANNER_H

#include "base/arena.h"
#include "plan/plan.h"

struct rnf_buffer {
	int64_t size, first, last; /* live from step (or phase) to step, both in */
	int64_t offset;
};

/* Ops by number, ascending. */
struct rnf_op_list {
	int *at;
	size_t n;
};

/* What is asked of ops and values is kept where it can be looked up: nothing here walks
 * over the whole program for one of them, so that the time grows with the model's size. */
struct rnf_planner {
	const struct rnf_program *p;
	struct rnf_plan *plan;
	int fused;
	struct rnf_op_list *readers; /* of each value */
	struct rnf_op_list *need;    /* of each phase: what it runs (again, for clones) */
	char *stored;                /* values that a later phase reads from the arena */
	struct rnf_kernel *kernels;  /* of each op that is a conv */
	struct rnf_weave *weave;     /* of chain.c */
	/* of the phase being built: */
	size_t phase;
	struct rnf_phase *out;
	int *runs_in; /* of each op, the latest phase that has it; -1 */
	char *done;   /* ops of this phase */
	/* Where the floats of each value are by now, and where its bf16; space NONE:
	 * nowhere. SCRATCH: an index into buffers. */
	struct rnf_operand *at, *narrow_at;
	struct rnf_buffer *buffers;
	size_t n_buffers;
};

static inline enum rnf_op_class rnf_class_of(const struct rnf_op *op)
{
	return op->row->class;
}
static inline int rnf_is_reduce(const struct rnf_op *op)
{
	return rnf_class_of(op) == RNF_HEAVY_REDUCE || rnf_class_of(op) == RNF_CHAIN_REDUCE;
}
static inline int rnf_needed(const struct rnf_planner *b, int op)
{
	return b->runs_in[op] == (int)b->phase;
}
static inline int rnf_available(const struct rnf_planner *b, int value)
{
	return b->at[value].space || b->narrow_at[value].space;
}
static inline void rnf_list_add(struct rnf_op_list *list, int op)
{
	*(int *)rnf_push((void **)&list->at, &list->n, sizeof *list->at) = op;
}
/* Does the op read the bf16 of its input i? */
static inline int rnf_reads_narrow(const struct rnf_planner *b, int op, int i)
{
	return b->kernels[op].narrow_in >> i & 1;
}

/* -- planner.c -- */

/* The phase in which an op itself stands (clones stand later). */
int rnf_own_phase(const struct rnf_planner *b, int op);
/* Give the floats of a value a place, or its bf16: the arena if it is stored so,
 * else scratch of this phase. */
struct rnf_operand rnf_planner_place(struct rnf_planner *b, int value);
struct rnf_operand rnf_planner_place_narrow(struct rnf_planner *b, int value);
/* A value of any domain that exists already, as an operand; and its bf16. */
struct rnf_operand rnf_planner_operand(struct rnf_planner *b, int value);
struct rnf_operand rnf_planner_narrow(struct rnf_planner *b, int value);
/* Does this phase make the value, and keep it for later ones: as floats, as bf16? */
int rnf_planner_keeps(const struct rnf_planner *b, int value);
int rnf_planner_keeps_floats(const struct rnf_planner *b, int value);
int rnf_planner_keeps_narrow(const struct rnf_planner *b, int value);
/* The next step of the phase, to be filled. */
struct rnf_step *rnf_planner_step(struct rnf_planner *b, int op);

/* -- the others, in the order of their work -- */

/* Choose the kernel of an op that is a conv. (kernel.c) */
rnf_status rnf_kernel_choose(const struct rnf_program *program,
			     const struct rnf_feature *backend, void *self,
			     const struct rnf_op *op, struct rnf_kernel *kernel);
/* Which ops each phase needs, and which values are stored; both come empty.
 * (recompute.c) */
void rnf_recompute(const struct rnf_program *program, int fused, size_t n_phases,
		   struct rnf_op_list *need, char *stored);
int rnf_plan_depth(const struct rnf_program *program, int op, int fused);
/* All places but those inside of phases; `kernels`, `need` and `stored` are known.
 * (place.c) */
void rnf_planner_places(struct rnf_planner *b);
/* Place buffers so that two share bytes only if their lives do not touch;
 * returns the floats needed. (memory.c) */
int64_t rnf_memory_place(struct rnf_buffer *buffers, size_t n);
/* Steps and scratch of one phase; fails only when a signal asks for the end. (phase.c) */
rnf_status rnf_planner_phase(struct rnf_planner *b, size_t phase);
/* What building chains needs to know of all ops and values, once a plan. (chain.c) */
struct rnf_weave *rnf_weave_create(struct rnf_planner *b);
/* Build the chain that makes op's output, with all that shares its values.
 * (chain.c) */
void rnf_chain_build(struct rnf_planner *b, int op);
/* Give each conv what to fetch. (ahead.c) */
void rnf_plan_ahead(struct rnf_plan *plan);

#endif
