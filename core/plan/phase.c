/* The steps of a phase in order: a heavy op first asks for its operands' chains; weight
 * gradients come last, when the recomputed activation is still in cache. */
#include <string.h>

#include "base/arena.h"
#include "plan/planner.h"

static void move_step(struct rnf_planner *b, int value, enum rnf_move move,
		      struct rnf_operand from, struct rnf_operand to)
{
	struct rnf_step *step = rnf_planner_step(b, b->p->values[value].op);
	step->move = move;
	step->in[0] = from;
	step->out = to;
}

/* As floats that lie together in memory. */
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
	for (int i = 0; i < op->n_in; i++) /* may add steps, */
		make_input(b, id, i);
	for (int i = 0; i < op->n_in; i++) /* so that lives are measured after */
		in[i] = input(b, id, i);
	if (!rnf_is_reduce(op)) out = rnf_planner_place(b, op->out);
	struct rnf_step *step = rnf_planner_step(b, id);
	memcpy(step->in, in, sizeof in);
	step->out = out;
	step->kernel = b->kernels[id];
	if (rnf_is_reduce(op))
		step->reduction = b->plan->operands[op->out].offset -
				  b->out->gradient;
	b->done[id] = 1;
}

static void heavy_steps(struct rnf_planner *b, enum rnf_op_class class)
{
	for (int id = 0; id < (int)b->p->n_ops; id++)
		if (rnf_needed(b, id) && !b->done[id] &&
		    rnf_class_of(&b->p->ops[id]) == class)
			heavy_step(b, id);
}

/* Sums and stored values that no heavy op asked for. */
static void left_over(struct rnf_planner *b)
{
	for (int id = 0; id < (int)b->p->n_ops; id++) {
		const struct rnf_op *op = &b->p->ops[id];
		if (!rnf_needed(b, id) || b->done[id]) continue;
		if (rnf_class_of(op) != RNF_CHAIN ||
		    rnf_planner_keeps(b, op->out))
			rnf_chain_build(b, id);
	}
}

/* What no chain has read, and written on the way. */
static void write_unkept(struct rnf_planner *b)
{
	for (int v = 0; v < (int)b->p->n_values; v++)
		if (rnf_planner_keeps_narrow(b, v)) make_narrow(b, v);
}

static int comes_from_before(const struct rnf_planner *b, int value)
{
	const int from = b->p->values[value].op;
	return b->stored[value] && (rnf_own_phase(b, from) < (int)b->phase ||
				    b->p->ops[from].kind == RNF_OP_INPUT);
}

/* Values of earlier phases lie in the arena. */
static void begin_phase(struct rnf_planner *b, size_t phase)
{
	const struct rnf_program *p = b->p;
	b->phase = phase;
	b->out = &b->plan->phases[phase];
	b->buffers = NULL;
	b->n_buffers = 0;
	memset(b->done, 0, p->n_ops);
	memset(b->at, 0, p->n_values * sizeof *b->at);
	memset(b->narrow_at, 0, p->n_values * sizeof *b->narrow_at);
	for (int v = 0; v < (int)p->n_values; v++)
		if (comes_from_before(b, v))
			(b->plan->narrow[v] ? b->narrow_at : b->at)[v] = b->plan->operands[v];
}

/* -- scratch: buffer ids become offsets -- */

static void resolve(struct rnf_planner *b, struct rnf_operand *o)
{
	if (o->space == RNF_SPACE_SCRATCH) o->offset = b->buffers[o->offset].offset;
}

static void resolve_chain(struct rnf_planner *b, struct rnf_chain *chain)
{
	for (size_t i = 0; i < chain->n_slots; i++)
		resolve(b, &chain->slots[i].operand);
	for (size_t i = 0; i < chain->n_stages; i++) {
		resolve(b, &chain->stages[i].coef);
		resolve(b, &chain->stages[i].sum);
	}
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
	for (size_t i = 0; i < b->out->n_steps; i++) {
		struct rnf_step *step = &b->out->steps[i];
		for (int k = 0; k < RNF_OP_INPUTS; k++)
			resolve(b, &step->in[k]);
		resolve(b, &step->out);
		if (step->chain)
			resolve_chain(b, (struct rnf_chain *)step->chain);
	}
}

void rnf_planner_phase(struct rnf_planner *b, size_t phase)
{
	begin_phase(b, phase);
	heavy_steps(b, RNF_HEAVY);
	heavy_steps(b, RNF_HEAVY_REDUCE);
	left_over(b);
	write_unkept(b);
	end_phase(b);
}
