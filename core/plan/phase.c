/* Writes the tasks of a phase: a heavy op first gets the chains that make its operands;
 * weight gradients come last, while the recomputed activation is still in cache. */
#include <string.h>

#include "base/arena.h"
#include "base/signal.h"
#include "base/status.h"
#include "plan/planner.h"

static void move_step(struct rnf_planner *b, int value, enum rnf_move move,
		      struct rnf_operand from, struct rnf_operand to)
{
	struct rnf_task *task = rnf_planner_task(b, b->p->values[value].op);
	task->move = move;
	task->in[0] = from;
	task->out = to;
}

/* A value as floats, contiguous in memory. */
static void make_whole(struct rnf_planner *b, int value)
{
	if (b->at[value].space) return;
	const struct rnf_operand narrow = rnf_planner_narrow(b, value);
	move_step(b, value, RNF_MOVE_WIDEN, narrow, rnf_planner_place(b, value));
}

static void make_narrow(struct rnf_planner *b, int value)
{
	if (b->narrow_at[value].space) return;
	const struct rnf_operand whole = rnf_planner_operand(b, value);
	move_step(b, value, RNF_MOVE_NARROW, whole, rnf_planner_place_narrow(b, value));
}

/* Input i of an op, in the form that it reads. */
static void make_input(struct rnf_planner *b, int id, int i)
{
	const int v = b->p->ops[id].in[i];
	if (b->p->values[v].domain != RNF_IMAGE) return;
	if (rnf_reads_narrow(b, id, i)) make_narrow(b, v);
	else make_whole(b, v);
}

static struct rnf_operand input(struct rnf_planner *b, int id, int i)
{
	const int v = b->p->ops[id].in[i];
	return rnf_reads_narrow(b, id, i) ? rnf_planner_narrow(b, v)
					  : rnf_planner_operand(b, v);
}

static void heavy_step(struct rnf_planner *b, int id)
{
	const struct rnf_op *op = &b->p->ops[id];
	for (int i = 0; i < op->n_in; i++)
		if (b->p->values[op->in[i]].domain == RNF_IMAGE &&
		    !rnf_available(b, op->in[i]))
			rnf_chain_build(b, b->p->values[op->in[i]].op);
	struct rnf_operand in[RNF_OP_INPUTS] = { { 0 } }, out = { 0 };
	for (int i = 0; i < op->n_in; i++) /* may add tasks, */
		make_input(b, id, i);
	for (int i = 0; i < op->n_in; i++) /* lives are measured in tasks from here on */
		in[i] = input(b, id, i);
	if (!rnf_is_reduce(op)) out = rnf_planner_place(b, op->out);
	struct rnf_task *task = rnf_planner_task(b, id);
	memcpy(task->in, in, sizeof in);
	task->out = out;
	task->kernel = b->kernels[id];
	if (rnf_is_reduce(op))
		task->reduction = b->plan->operands[op->out].offset -
				  b->out->gradient;
	b->done[id] = 1;
}

static rnf_status heavy_steps(struct rnf_planner *b, enum rnf_op_class class)
{
	const struct rnf_op_list *need = &b->need[b->phase];
	for (size_t i = 0; i < need->n; i++) {
		const int id = need->at[i];
		if (b->done[id] || rnf_class_of(&b->p->ops[id]) != class) continue;
		RNF_TRY(rnf_signal_check("while the model was planned: nothing was saved"));
		heavy_step(b, id);
	}
	return RNF_OK;
}

/* Chains for sums and stored values that no heavy op needed. */
static void left_over(struct rnf_planner *b)
{
	const struct rnf_op_list *need = &b->need[b->phase];
	for (size_t i = 0; i < need->n; i++) {
		const int id = need->at[i];
		const struct rnf_op *op = &b->p->ops[id];
		if (b->done[id]) continue;
		if (rnf_class_of(op) != RNF_CHAIN || rnf_planner_keeps(b, op->out))
			rnf_chain_build(b, id);
	}
}

/* Narrow the values that no chain has read and so narrowed. */
static void write_unkept(struct rnf_planner *b)
{
	const struct rnf_op_list *need = &b->need[b->phase];
	for (size_t i = 0; i < need->n; i++) {
		const int v = b->p->ops[need->at[i]].out;
		if (rnf_planner_keeps_narrow(b, v)) make_narrow(b, v);
	}
}

static int comes_from_before(const struct rnf_planner *b, int value)
{
	const int from = b->p->values[value].op;
	return b->stored[value] && (rnf_own_phase(b, from) < (int)b->phase ||
				    rnf_row_is_given(b->p->ops[from].row));
}

/* A value of an earlier phase lies in the arena; others have no place yet. */
static void begin_value(struct rnf_planner *b, int v)
{
	const struct rnf_operand nowhere = { RNF_SPACE_NONE, 0, 0 };
	const int before = comes_from_before(b, v), narrow = b->plan->narrow[v];
	b->at[v] = before && !narrow ? b->plan->operands[v] : nowhere;
	b->narrow_at[v] = before && narrow ? b->plan->operands[v] : nowhere;
}

static void begin_op(struct rnf_planner *b, int id)
{
	const struct rnf_op *op = &b->p->ops[id];
	b->runs_in[id] = (int)b->phase;
	b->done[id] = 0;
	begin_value(b, op->out);
	for (int i = 0; i < op->n_in; i++)
		begin_value(b, op->in[i]);
}

static void begin_phase(struct rnf_planner *b, size_t phase)
{
	b->phase = phase;
	b->out = &b->plan->phases[phase];
	b->buffers = NULL;
	b->n_buffers = 0;
	for (size_t i = 0; i < b->need[phase].n; i++)
		begin_op(b, b->need[phase].at[i]);
}

/* -- scratch: buffer ids become offsets -- */

static void resolve(struct rnf_planner *b, struct rnf_operand *o)
{
	if (o->space == RNF_SPACE_SCRATCH) o->offset = b->buffers[o->offset].offset;
}

static void resolve_chain(struct rnf_planner *b, struct rnf_chain *chain)
{
	for (size_t i = 0; i < chain->n_strands; i++)
		resolve(b, &chain->strands[i].operand);
	for (size_t i = 0; i < chain->n_links; i++) {
		for (int k = 0; k < RNF_OP_INPUTS; k++)
			resolve(b, &chain->links[i].in[k].whole);
		resolve(b, &chain->links[i].sum);
	}
	if (chain->n_strands > b->plan->max_strands) b->plan->max_strands = chain->n_strands;
	if (chain->acc_floats > b->plan->accumulators)
		b->plan->accumulators = chain->acc_floats;
	const int64_t tile = rnf_round16(chain->tile_pixels * chain->c);
	if (chain->n_temps * tile > b->plan->tiles)
		b->plan->tiles = chain->n_temps * tile;
}

static void end_phase(struct rnf_planner *b)
{
	const int64_t scratch = rnf_memory_place(b->buffers, b->n_buffers);
	if (scratch > b->plan->scratch) b->plan->scratch = scratch;
	for (size_t i = 0; i < b->out->n_tasks; i++) {
		struct rnf_task *task = &b->out->tasks[i];
		for (int k = 0; k < RNF_OP_INPUTS; k++)
			resolve(b, &task->in[k]);
		resolve(b, &task->out);
		if (task->chain)
			resolve_chain(b, (struct rnf_chain *)task->chain);
	}
}

rnf_status rnf_planner_phase(struct rnf_planner *b, size_t phase)
{
	begin_phase(b, phase);
	RNF_TRY(heavy_steps(b, RNF_HEAVY));
	RNF_TRY(heavy_steps(b, RNF_HEAVY_REDUCE));
	left_over(b);
	write_unkept(b);
	end_phase(b);
	return RNF_OK;
}
