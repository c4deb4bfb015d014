/* What a conv fetches into L2 while it computes: the stored tensors of the steps
 * after it, up to the next conv. The last conv of a phase fetches what the next
 * image begins with. */
#include "base/arena.h"
#include "plan/planner.h"

static int same(struct rnf_operand a, struct rnf_operand b)
{
	return a.space == b.space && a.offset == b.offset && a.stride == b.stride;
}

static int is_stored(struct rnf_operand o)
{
	return o.space == RNF_SPACE_ARENA || o.space == RNF_SPACE_NARROW;
}

static int is_conv(const struct rnf_step *step)
{
	return step->kernel.run != NULL;
}

/* Slots, then what stages move; the vectors of others are too small to ask for. */
static const struct rnf_operand *chain_operand(const struct rnf_chain *chain, size_t i)
{
	static const struct rnf_operand none;
	if (i < chain->n_slots) return &chain->slots[i].operand;
	i -= chain->n_slots;
	if (i >= chain->n_stages) return NULL;
	return chain->stages[i].move ? &chain->stages[i].coef : &none;
}

/* Operand i of a step, or none after the last. */
static const struct rnf_operand *operand(const struct rnf_step *step, size_t i)
{
	if (step->chain) return chain_operand(step->chain, i);
	if (i < RNF_OP_INPUTS) return &step->in[i];
	return i == RNF_OP_INPUTS ? &step->out : NULL;
}

static int touches(const struct rnf_step *step, struct rnf_operand o)
{
	const struct rnf_operand *p;
	for (size_t i = 0; (p = operand(step, i)); i++)
		if (same(*p, o)) return 1;
	return 0;
}

/* Has the image been at it already, up to step `to`? */
static int is_warm(const struct rnf_phase *phase, size_t to, struct rnf_operand o)
{
	for (size_t i = 0; i <= to; i++)
		if (touches(&phase->steps[i], o)) return 1;
	return 0;
}

static void add(struct rnf_step *conv, struct rnf_operand o, int next)
{
	for (size_t i = 0; i < conv->n_ahead; i++)
		if (same(conv->ahead[i].operand, o)) return;
	if (conv->n_ahead == RNF_AHEAD) return;
	*(struct rnf_ahead *)rnf_push((void **)&conv->ahead, &conv->n_ahead,
				      sizeof *conv->ahead) = (struct rnf_ahead){ o, next };
}

static void add_step(const struct rnf_phase *phase, size_t conv, size_t step, int next)
{
	const struct rnf_operand *o;
	for (size_t i = 0; (o = operand(&phase->steps[step], i)); i++)
		if (is_stored(*o) && (next || !is_warm(phase, conv, *o)))
			add(&phase->steps[conv], *o, next);
}

/* From step i on; returns whether a conv ended it. */
static int add_until_conv(const struct rnf_phase *phase, size_t conv, size_t i, int next)
{
	for (; i < phase->n_steps; i++) {
		add_step(phase, conv, i, next);
		if (is_conv(&phase->steps[i])) return 1;
	}
	return 0;
}

void rnf_plan_ahead(struct rnf_plan *plan)
{
	for (size_t i = 0; i < plan->n_phases; i++) {
		const struct rnf_phase *phase = &plan->phases[i];
		for (size_t j = 0; j < phase->n_steps; j++)
			if (is_conv(&phase->steps[j]) &&
			    !add_until_conv(phase, j, j + 1, 0))
				add_until_conv(phase, j, 0, 1);
	}
}
