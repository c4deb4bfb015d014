/* Places what lives longer than a phase: vectors, sums and stored values. Lists the ops
 * that run between phases. */
#include "base/arena.h"
#include "plan/planner.h"

static void add_batch_op(const struct rnf_op ***list, size_t *n, const struct rnf_op *op)
{
	*(const struct rnf_op **)rnf_push((void **)list, n, sizeof **list) = op;
}

/* What is whole, and made by a function of row->batch. */
static void place_channels(struct rnf_planner *b)
{
	struct rnf_plan *plan = b->plan;
	for (size_t v = 0; v < b->p->n_values; v++) {
		const struct rnf_value *x = &b->p->values[v];
		if (x->weight >= 0)
			plan->operands[v] = (struct rnf_operand){
				RNF_SPACE_WEIGHT,
				b->p->weights[x->weight].offset, 0 };
		if (!b->p->ops[x->op].row->batch) continue;
		plan->operands[v] = (struct rnf_operand){ RNF_SPACE_CHANNEL,
							  plan->channel, 0 };
		plan->channel += rnf_round16(rnf_value_size(x));
	}
}

/* Place the sums of one phase, either those in double or those in float. Sums are never
 * recomputed in a later phase. */
static void place_sums(struct rnf_planner *b, size_t phase, int doubles)
{
	for (size_t i = 0; i < b->need[phase].n; i++) {
		const struct rnf_op *op = &b->p->ops[b->need[phase].at[i]];
		if (!rnf_is_reduce(op) || op->row->doubles != doubles) continue;
		b->plan->operands[op->out] = (struct rnf_operand){
			RNF_SPACE_GRADIENT, b->plan->gradient, 0 };
		b->plan->gradient += rnf_round16(rnf_value_size(&b->p->values[op->out]));
	}
}

/* All sums of one phase lie in one vector, so a merge is two additions. */
static void place_reductions(struct rnf_planner *b)
{
	struct rnf_plan *plan = b->plan;
	for (size_t phase = 0; phase < plan->n_phases; phase++) {
		struct rnf_phase *out = &plan->phases[phase];
		out->gradient = plan->gradient;
		place_sums(b, phase, 0);
		const int64_t floats = plan->gradient - out->gradient;
		place_sums(b, phase, 1);
		out->reductions = plan->gradient - out->gradient;
		out->doubles = (out->reductions - floats) / 2;
		if (out->reductions > plan->max_reductions)
			plan->max_reductions = out->reductions;
	}
}

/* For each value, the last phase that reads it, or its own. */
static int64_t *last_readers(const struct rnf_planner *b)
{
	const struct rnf_program *p = b->p;
	int64_t *last = rnf_alloc(p->n_values * sizeof *last);
	for (size_t v = 0; v < p->n_values; v++)
		last[v] = rnf_own_phase(b, p->values[v].op);
	for (size_t phase = 0; phase < b->plan->n_phases; phase++)
		for (size_t i = 0; i < b->need[phase].n; i++) {
			const struct rnf_op *op = &p->ops[b->need[phase].at[i]];
			for (int k = 0; k < op->n_in; k++)
				last[op->in[k]] = (int64_t)phase;
		}
	last[p->logits] = (int64_t)b->plan->n_phases;
	if (p->loss >= 0) last[p->loss] = (int64_t)b->plan->n_phases;
	return last;
}

static int is_constant(const struct rnf_planner *b, size_t v)
{
	return rnf_class_of(&b->p->ops[b->p->values[v].op]) == RNF_CONSTANT;
}

/* Only tensors between phases become bf16: not the vectors of SE, not the model's input and
 * output. */
static void choose_narrow(struct rnf_planner *b)
{
	const struct rnf_program *p = b->p;
	b->plan->narrow = rnf_alloc(p->n_values);
	if (p->precision != RNF_PRECISION_BF16 || !b->fused) return;
	for (int v = 0; v < (int)p->n_values; v++) {
		const struct rnf_value *x = &p->values[v];
		b->plan->narrow[v] = b->stored[v] && x->h * x->w > 1 && v != p->input &&
				     v != p->logits && v != p->loss && !is_constant(b, (size_t)v);
	}
}

/* Floats in an image's slice. */
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
	const int64_t *last = last_readers(b);
	size_t n_buffers = 0;
	for (size_t v = 0; v < n; v++) {
		if (!b->stored[v] || is_constant(b, v)) continue;
		value[n_buffers] = (int)v;
		buffers[n_buffers++] = (struct rnf_buffer){
			.size = b->plan->batch * slice_of(b, v),
			.first = rnf_own_phase(b, b->p->values[v].op),
			.last = last[v] };
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

static void place_batch_ops(struct rnf_planner *b)
{
	struct rnf_plan *plan = b->plan;
	for (int i = 0; i < (int)b->p->n_ops; i++) {
		const struct rnf_op *op = &b->p->ops[i];
		const int depth = rnf_own_phase(b, i);
		if (rnf_op_is_fixed(b->p, op))
			add_batch_op(&plan->prologue, &plan->n_prologue, op);
		else if (rnf_class_of(op) == RNF_BATCH)
			add_batch_op(&plan->phases[depth - 1].batch_ops,
				     &plan->phases[depth - 1].n_batch_ops, op);
	}
}

void rnf_planner_places(struct rnf_planner *b)
{
	place_channels(b);
	place_reductions(b);
	choose_narrow(b);
	place_arena(b);
	place_batch_ops(b);
}
