/* Builds the plan: phases from depths, places for values, then for each phase
 * its steps in order: a heavy op first asks for its operands' chains; weight
 * gradients come last, when the recomputed activation is still in cache. */
#include "plan/plan.h"

#include <string.h>

#include "base/arena.h"
#include "base/status.h"

static enum rnf_op_class class_of(const struct rnf_op *op)
{
	return rnf_op_info[op->kind].class;
}

static int is_reduce(const struct rnf_op *op)
{
	return class_of(op) == RNF_HEAVY_REDUCE || class_of(op) == RNF_CHAIN_REDUCE;
}

int rnf_own_phase(const struct rnf_planner *b, int op)
{
	return rnf_plan_depth(b->p, op, b->fused);
}

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
	const int now = (int)b->out->n_steps;
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

/* What a step uses now has to live until then. */
static struct rnf_operand used(struct rnf_planner *b, struct rnf_operand o)
{
	if (o.space == RNF_SPACE_SCRATCH) b->buffers[o.offset].last = (int64_t)b->out->n_steps;
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

struct rnf_step *rnf_planner_step(struct rnf_planner *b, int op)
{
	struct rnf_step *step = rnf_push((void **)&b->out->steps,
					 &b->out->n_steps, sizeof *step);
	*step = (struct rnf_step){ .op = &b->p->ops[op], .reduction = -1 };
	return step;
}

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
	if (!is_reduce(op)) out = rnf_planner_place(b, op->out);
	struct rnf_step *step = rnf_planner_step(b, id);
	memcpy(step->in, in, sizeof in);
	step->out = out;
	step->kernel = b->kernels[id];
	if (is_reduce(op))
		step->reduction = b->plan->operands[op->out].offset -
				  b->out->gradient;
	b->done[id] = 1;
}

static void heavy_steps(struct rnf_planner *b, enum rnf_op_class class)
{
	for (int id = 0; id < (int)b->p->n_ops; id++)
		if (rnf_needed(b, id) && !b->done[id] &&
		    class_of(&b->p->ops[id]) == class)
			heavy_step(b, id);
}

/* Sums and stored values that no heavy op asked for. */
static void left_over(struct rnf_planner *b)
{
	for (int id = 0; id < (int)b->p->n_ops; id++) {
		const struct rnf_op *op = &b->p->ops[id];
		if (!rnf_needed(b, id) || b->done[id]) continue;
		if (class_of(op) != RNF_CHAIN ||
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

/* -- places of what lives longer than a phase -- */

static void add_barrier(struct rnf_barrier **list, size_t *n,
			const struct rnf_planner *b, const struct rnf_op *op)
{
	struct rnf_barrier *barrier = rnf_push((void **)list, n, sizeof *barrier);
	*barrier = (struct rnf_barrier){ .op = op };
	for (int i = 0; i < op->n_in; i++)
		barrier->in[i] = b->plan->operands[op->in[i]];
	barrier->out = b->plan->operands[op->out];
}

static void place_channels(struct rnf_planner *b)
{
	struct rnf_plan *plan = b->plan;
	for (size_t v = 0; v < b->p->n_values; v++) {
		const struct rnf_value *x = &b->p->values[v];
		const struct rnf_op *op = &b->p->ops[x->op];
		if (op->kind == RNF_OP_WEIGHT)
			plan->operands[v] = (struct rnf_operand){
				RNF_SPACE_WEIGHT,
				b->p->weights[x->weight].offset, 0 };
		if (class_of(op) != RNF_BARRIER) continue;
		plan->operands[v] = (struct rnf_operand){ RNF_SPACE_CHANNEL,
							  plan->channel, 0 };
		plan->channel += rnf_round16(x->c);
	}
}

/* All sums of one phase lie in one vector, so a merge is one addition. */
static void place_reductions(struct rnf_planner *b)
{
	struct rnf_plan *plan = b->plan;
	for (size_t phase = 0; phase < plan->n_phases; phase++) {
		struct rnf_phase *out = &plan->phases[phase];
		out->gradient = plan->gradient;
		for (int i = 0; i < (int)b->p->n_ops; i++) {
			const struct rnf_op *op = &b->p->ops[i];
			if (!is_reduce(op) || rnf_own_phase(b, i) != (int)phase)
				continue;
			plan->operands[op->out] = (struct rnf_operand){
				RNF_SPACE_GRADIENT, plan->gradient, 0 };
			plan->gradient += rnf_round16(
				rnf_value_size(&b->p->values[op->out]));
		}
		out->reductions = plan->gradient - out->gradient;
		if (out->reductions > plan->max_reductions)
			plan->max_reductions = out->reductions;
	}
}

static int64_t last_reader(const struct rnf_planner *b, int value)
{
	int64_t last = rnf_own_phase(b, b->p->values[value].op);
	if (value == b->p->logits || value == b->p->loss)
		return (int64_t)b->plan->n_phases;
	for (size_t phase = 0; phase < b->plan->n_phases; phase++)
		for (size_t i = 0; i < b->p->n_ops; i++) {
			const struct rnf_op *op = &b->p->ops[i];
			if (!b->need[phase * b->p->n_ops + i]) continue;
			for (int k = 0; k < op->n_in; k++)
				if (op->in[k] == value) last = (int64_t)phase;
		}
	return last;
}

/* Tensors between phases, not the vectors of SE, nor what goes in and comes out. */
static void choose_narrow(struct rnf_planner *b)
{
	const struct rnf_program *p = b->p;
	b->plan->narrow = rnf_alloc(p->n_values);
	if (p->precision != RNF_PRECISION_BF16 || !b->fused) return;
	for (int v = 0; v < (int)p->n_values; v++) {
		const struct rnf_value *x = &p->values[v];
		b->plan->narrow[v] = b->stored[v] && x->h * x->w > 1 && v != p->input &&
				     v != p->logits && v != p->loss;
	}
}

/* Floats of an image's slice. */
static int64_t slice_of(const struct rnf_planner *b, size_t v)
{
	const int64_t n = rnf_value_size(&b->p->values[v]);
	return rnf_round16(b->plan->narrow[v] ? (n + 1) / 2 : n);
}

static void place_arena(struct rnf_planner *b)
{
	const size_t n = b->p->n_values;
	struct rnf_buffer *buffers = rnf_alloc((n + 1) * sizeof *buffers);
	int *value = rnf_alloc((n + 1) * sizeof *value);
	size_t n_buffers = 0;
	for (size_t v = 0; v < n; v++) {
		if (!b->stored[v]) continue;
		value[n_buffers] = (int)v;
		buffers[n_buffers++] = (struct rnf_buffer){
			.size = b->plan->batch * slice_of(b, v),
			.first = rnf_own_phase(b, b->p->values[v].op),
			.last = last_reader(b, (int)v) };
		/* the next batch's images may arrive at any time */
		if ((int)v == b->p->input) {
			buffers[n_buffers - 1].first = 0;
			buffers[n_buffers - 1].last = (int64_t)b->plan->n_phases;
		}
	}
	b->plan->arena = rnf_memory_place(buffers, n_buffers);
	for (size_t i = 0; i < n_buffers; i++)
		b->plan->operands[value[i]] = (struct rnf_operand){
			b->plan->narrow[value[i]] ? RNF_SPACE_NARROW : RNF_SPACE_ARENA,
			buffers[i].offset, buffers[i].size / b->plan->batch };
}

static void place_barriers(struct rnf_planner *b)
{
	struct rnf_plan *plan = b->plan;
	for (int i = 0; i < (int)b->p->n_ops; i++) {
		const struct rnf_op *op = &b->p->ops[i];
		const int depth = rnf_own_phase(b, i);
		if (class_of(op) != RNF_BARRIER) continue;
		if (op->kind == RNF_OP_BN_COEF_FIXED || depth == 0)
			add_barrier(&plan->prologue, &plan->n_prologue, b, op);
		else
			add_barrier(&plan->phases[depth - 1].barriers,
				    &plan->phases[depth - 1].n_barriers, b, op);
	}
}

static size_t count_phases(const struct rnf_planner *b)
{
	int last = 0;
	for (int i = 0; i < (int)b->p->n_ops; i++)
		if (rnf_own_phase(b, i) > last) last = rnf_own_phase(b, i);
	return (size_t)last + 1;
}

static void init(struct rnf_planner *b, int64_t batch)
{
	const struct rnf_program *p = b->p;
	struct rnf_plan *plan = b->plan;
	plan->program = p;
	plan->batch = batch;
	plan->n_phases = count_phases(b);
	plan->phases = rnf_alloc(plan->n_phases * sizeof *plan->phases);
	plan->operands = rnf_alloc(p->n_values * sizeof *plan->operands);
	b->need = rnf_alloc(plan->n_phases * p->n_ops);
	b->stored = plan->stored = rnf_alloc(p->n_values);
	b->done = rnf_alloc(p->n_ops);
	b->at = rnf_alloc(p->n_values * sizeof *b->at);
	b->narrow_at = rnf_alloc(p->n_values * sizeof *b->narrow_at);
	b->kernels = rnf_alloc(p->n_ops * sizeof *b->kernels);
}

/* What the executor's fixed tables hold. */
static rnf_status check_chains(const struct rnf_plan *plan)
{
	for (size_t i = 0; i < plan->n_phases; i++)
		for (size_t j = 0; j < plan->phases[i].n_steps; j++) {
			const struct rnf_chain *chain =
				plan->phases[i].steps[j].chain;
			if (chain && chain->n_slots > RNF_CHAIN_SLOTS)
				return rnf_fail(RNF_EINVAL, "the model joins more "
						"than %d pointwise values in one "
						"run", RNF_CHAIN_SLOTS);
			if (chain && chain->c > RNF_TILE_MAX)
				return rnf_fail(RNF_EINVAL, "layer %s has %lld "
						"channels, must have 1 .. %d",
						rnf_step_label(&plan->phases[i].steps[j]),
						(long long)chain->c, RNF_TILE_MAX);
		}
	return RNF_OK;
}

/* What steps keep during a leaf: of one phase side by side. */
static void place_kept(struct rnf_plan *plan)
{
	for (size_t i = 0; i < plan->n_phases; i++) {
		int64_t floats = 0;
		for (size_t j = 0; j < plan->phases[i].n_steps; j++) {
			struct rnf_step *step = &plan->phases[i].steps[j];
			step->leaf = floats;
			floats += rnf_round16((int64_t)step->kernel.leaf_bytes / 4);
		}
		if (floats > plan->leaf) plan->leaf = floats;
	}
}

/* Scratch of kernels, and the weights that they pack. */
static void place_kernels(struct rnf_plan *plan)
{
	for (size_t i = 0; i < plan->n_phases; i++)
		for (size_t j = 0; j < plan->phases[i].n_steps; j++) {
			struct rnf_step *step = &plan->phases[i].steps[j];
			if (step->kernel.scratch_bytes > plan->kernel_scratch_bytes)
				plan->kernel_scratch_bytes =
					step->kernel.scratch_bytes;
			if (!step->kernel.pack) continue;
			step->packed = plan->packed;
			plan->packed += rnf_round16((int64_t)step->kernel.pack_floats);
			*(const struct rnf_step **)rnf_push((void **)&plan->packs,
				&plan->n_packs, sizeof *plan->packs) = step;
		}
}

/* First of all: they decide what chains write. */
static rnf_status choose_kernels(struct rnf_planner *b, const struct rnf_feature *backend,
				 void *self)
{
	for (size_t i = 0; i < b->p->n_ops; i++)
		RNF_TRY(rnf_kernel_choose(b->p, backend, self, &b->p->ops[i],
					  &b->kernels[i]));
	return RNF_OK;
}

rnf_status rnf_plan_make(const struct rnf_program *program,
			 const struct rnf_feature *backend, void *backend_self,
			 int64_t batch, int fused, struct rnf_plan **plan)
{
	*plan = rnf_alloc(sizeof **plan);
	struct rnf_planner b = { .p = program, .plan = *plan, .fused = fused };
	init(&b, batch);
	RNF_TRY(choose_kernels(&b, backend, backend_self));
	rnf_recompute(program, fused, b.plan->n_phases, b.need, b.stored);
	place_channels(&b);
	place_reductions(&b);
	choose_narrow(&b);
	place_arena(&b);
	place_barriers(&b);
	for (size_t phase = 0; phase < b.plan->n_phases; phase++) {
		begin_phase(&b, phase);
		heavy_steps(&b, RNF_HEAVY);
		heavy_steps(&b, RNF_HEAVY_REDUCE);
		left_over(&b);
		write_unkept(&b);
		end_phase(&b);
	}
	RNF_TRY(check_chains(*plan));
	place_kernels(*plan);
	place_kept(*plan);
	rnf_plan_ahead(*plan);
	return RNF_OK;
}
