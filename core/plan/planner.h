/* A plan under construction: what the files of this folder share. */
#ifndef RNF_PLAN_PLANNER_H
#define RNF_PLAN_PLANNER_H

#include "base/arena.h"
#include "plan/plan.h"

struct rnf_buffer {
	int64_t size, first, last; /* first and last task (or phase) of its life */
	int64_t offset;
};

/* Ops by number, ascending. */
struct rnf_op_list {
	int *at;
	size_t n;
};

/* Everything about an op or value is stored for direct lookup. Nothing here scans the
 * program for a single op, so planning time is linear in the model's size. */
struct rnf_planner {
	const struct rnf_program *p;
	struct rnf_plan *plan;
	int fused;
	int *phase_of; /* of each op */
	struct rnf_op_list *readers; /* of each value */
	struct rnf_op_list *need;    /* the ops that each phase runs, clones included */
	char *stored;                /* values that a later phase reads from the arena */
	struct rnf_kernel *kernels;  /* of each op that is a conv */
	struct rnf_weave *weave;     /* of chain.c */
	/* the phase under construction: */
	size_t phase;
	struct rnf_phase *out;
	int *runs_in; /* of each op, the latest phase that has it; -1 */
	char *done;   /* ops of this phase */
	/* The current place of each value's floats, and of its bf16. Space NONE: no place
	 * yet; SCRATCH: an index into buffers. */
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
/* The phase of an op itself; its clones run in later ones. */
static inline int rnf_own_phase(const struct rnf_planner *b, int op)
{
	return b->phase_of[op];
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

/* Give a value's floats or its bf16 a place: the arena if it is stored in that form, else
 * this phase's scratch. */
struct rnf_operand rnf_planner_place(struct rnf_planner *b, int value);
struct rnf_operand rnf_planner_place_narrow(struct rnf_planner *b, int value);
/* The operand for a value of any domain that has been made already; and for its bf16. */
struct rnf_operand rnf_planner_operand(struct rnf_planner *b, int value);
struct rnf_operand rnf_planner_narrow(struct rnf_planner *b, int value);
/* Does this phase make the value and keep it for later ones, as floats or as bf16? */
int rnf_planner_keeps(const struct rnf_planner *b, int value);
int rnf_planner_keeps_floats(const struct rnf_planner *b, int value);
int rnf_planner_keeps_narrow(const struct rnf_planner *b, int value);
/* Append a task to the phase; the caller fills it. */
struct rnf_task *rnf_planner_task(struct rnf_planner *b, int op);

/* -- the other files, in the order in which they run -- */

/* Choose the kernel of an op that is a conv. (kernel.c) */
rnf_status rnf_kernel_choose(const struct rnf_program *program,
			     const struct rnf_feature *backend, void *self,
			     const struct rnf_op *op, struct rnf_kernel *kernel);
/* The phase of each op. (depth.c) */
int *rnf_phases_number(const struct rnf_program *program, int fused);
/* Decide which ops each phase runs and which values are stored; both are empty on entry.
 * (recompute.c) */
void rnf_recompute(struct rnf_planner *b);
/* Give places to all that outlives a phase. Needs `kernels`, `need` and `stored`. (place.c) */
void rnf_planner_places(struct rnf_planner *b);
/* Place buffers so that two share bytes only if their lives do not touch;
 * returns the floats needed. (memory.c) */
int64_t rnf_memory_place(struct rnf_buffer *buffers, size_t n);
/* Write the tasks of one phase and place its scratch. Fails only when a signal asks for the
 * end. (phase.c) */
rnf_status rnf_planner_phase(struct rnf_planner *b, size_t phase);
/* Prepare the notes on all ops and values that chains need, once for each plan. (chain.c) */
struct rnf_weave *rnf_weave_create(struct rnf_planner *b);
/* Build the chain that makes op's output, and with it all sinks that share its values.
 * (chain.c) */
void rnf_chain_build(struct rnf_planner *b, int op);
/* Give each conv what to fetch. (ahead.c) */
void rnf_plan_ahead(struct rnf_plan *plan);

#endif
