/* Tracks where the values of the phase under construction lie: in the arena if later phases
 * read them, else in scratch, as buffers that live from one task to another. */
#include "base/arena.h"
#include "plan/planner.h"

int rnf_planner_keeps(const struct rnf_planner *b, int value)
{
	return b->stored[value] &&
	       rnf_own_phase(b, b->p->values[value].op) == (int)b->phase;
}

int rnf_planner_keeps_floats(const struct rnf_planner *b, int value)
{
	return rnf_planner_keeps(b, value) && !b->plan->narrow[value];
}

int rnf_planner_keeps_narrow(const struct rnf_planner *b, int value)
{
	return rnf_planner_keeps(b, value) && b->plan->narrow[value];
}

static struct rnf_operand scratch(struct rnf_planner *b, int64_t floats)
{
	const int now = (int)b->out->n_tasks;
	struct rnf_buffer *buffer =
		rnf_push((void **)&b->buffers, &b->n_buffers, sizeof *buffer);
	*buffer = (struct rnf_buffer){ .size = rnf_round16(floats), .first = now,
				       .last = now };
	return (struct rnf_operand){ RNF_SPACE_SCRATCH, (int64_t)b->n_buffers - 1, 0 };
}

struct rnf_operand rnf_planner_place(struct rnf_planner *b, int value)
{
	return b->at[value] = rnf_planner_keeps_floats(b, value)
		? b->plan->operands[value]
		: scratch(b, rnf_value_size(&b->p->values[value]));
}

struct rnf_operand rnf_planner_place_narrow(struct rnf_planner *b, int value)
{
	return b->narrow_at[value] = rnf_planner_keeps_narrow(b, value)
		? b->plan->operands[value]
		: scratch(b, (rnf_value_size(&b->p->values[value]) + 1) / 2);
}

/* A buffer that a task uses lives at least until that task. */
static struct rnf_operand used(struct rnf_planner *b, struct rnf_operand o)
{
	if (o.space == RNF_SPACE_SCRATCH) b->buffers[o.offset].last = (int64_t)b->out->n_tasks;
	return o;
}

struct rnf_operand rnf_planner_operand(struct rnf_planner *b, int value)
{
	return b->p->values[value].domain == RNF_IMAGE ? used(b, b->at[value])
						       : b->plan->operands[value];
}

struct rnf_operand rnf_planner_narrow(struct rnf_planner *b, int value)
{
	return used(b, b->narrow_at[value]);
}

struct rnf_task *rnf_planner_task(struct rnf_planner *b, int op)
{
	struct rnf_task *task = rnf_push((void **)&b->out->tasks,
					 &b->out->n_tasks, sizeof *task);
	*task = (struct rnf_task){ .op = &b->p->ops[op], .reduction = -1 };
	return task;
}
