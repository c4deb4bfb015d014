/* What a conv fetches into L2 while it computes: the stored tensors of the tasks
 * after it, up to the next conv. The last conv of a phase fetches what the next
 * image begins with. */
#include <stdlib.h>

#include "base/arena.h"
#include "plan/planner.h"

/* A stored tensor that a task reads or writes. */
struct touch {
	struct rnf_operand operand;
	size_t task;
};

/* All of these of a phase, by operand, in the order of the tasks. */
struct touches {
	struct touch *at;
	size_t n;
};

static int same(struct rnf_operand a, struct rnf_operand b)
{
	return a.space == b.space && a.offset == b.offset && a.stride == b.stride;
}

static int is_stored(struct rnf_operand o)
{
	return o.space == RNF_SPACE_ARENA || o.space == RNF_SPACE_NARROW;
}

static int is_conv(const struct rnf_task *task)
{
	return task->kernel.run != NULL;
}

/* The strands of a chain, then what its links widen or narrow. Vectors are too small to
 * fetch. */
static const struct rnf_operand *chain_operand(const struct rnf_chain *chain, size_t i)
{
	static const struct rnf_operand none;
	if (i < chain->n_strands) return &chain->strands[i].operand;
	i -= chain->n_strands;
	if (i >= chain->n_links) return NULL;
	return chain->links[i].move ? &chain->links[i].in[0].whole : &none;
}

/* Operand i of a task; space NONE after the last. */
static const struct rnf_operand *operand(const struct rnf_task *task, size_t i)
{
	if (task->chain) return chain_operand(task->chain, i);
	if (i < RNF_OP_INPUTS) return &task->in[i];
	return i == RNF_OP_INPUTS ? &task->out : NULL;
}

static int order_of(int64_t a, int64_t b) { return a < b ? -1 : a > b; }

static int by_operand(const void *a, const void *b)
{
	const struct touch *x = a, *y = b;
	int order = order_of(x->operand.space, y->operand.space);
	if (order == 0) order = order_of(x->operand.offset, y->operand.offset);
	if (order == 0) order = order_of(x->operand.stride, y->operand.stride);
	return order ? order : order_of((int64_t)x->task, (int64_t)y->task);
}

static struct touches list_touches(const struct rnf_phase *phase)
{
	struct touches list = { NULL, 0 };
	const struct rnf_operand *o;
	for (size_t i = 0; i < phase->n_tasks; i++)
		for (size_t k = 0; (o = operand(&phase->tasks[i], k)); k++)
			if (is_stored(*o))
				*(struct touch *)rnf_push((void **)&list.at, &list.n,
					sizeof *list.at) = (struct touch){ *o, i };
	if (list.n > 0) qsort(list.at, list.n, sizeof *list.at, by_operand);
	return list;
}

/* Has a task before `to` touched it for this image? */
static int is_warm(const struct touches *list, size_t to, struct rnf_operand o)
{
	const struct touch wanted = { o, 0 };
	size_t low = 0, high = list->n;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		if (by_operand(&list->at[middle], &wanted) < 0) low = middle + 1;
		else high = middle;
	}
	return low < list->n && same(list->at[low].operand, o) && list->at[low].task <= to;
}

static void add(struct rnf_task *conv, struct rnf_operand o, int next)
{
	for (size_t i = 0; i < conv->n_ahead; i++)
		if (same(conv->ahead[i].operand, o)) return;
	if (conv->n_ahead == RNF_AHEAD) return;
	*(struct rnf_ahead *)rnf_push((void **)&conv->ahead, &conv->n_ahead,
				      sizeof *conv->ahead) = (struct rnf_ahead){ o, next };
}

static void add_task(const struct rnf_phase *phase, const struct touches *list, size_t conv,
		     size_t task, int next)
{
	const struct rnf_operand *o;
	for (size_t i = 0; (o = operand(&phase->tasks[task], i)); i++)
		if (is_stored(*o) && (next || !is_warm(list, conv, *o)))
			add(&phase->tasks[conv], *o, next);
}

/* What the tasks from i on touch; returns whether a conv ended the list. */
static int add_until_conv(const struct rnf_phase *phase, const struct touches *list,
			  size_t conv, size_t i, int next)
{
	for (; i < phase->n_tasks; i++) {
		add_task(phase, list, conv, i, next);
		if (is_conv(&phase->tasks[i])) return 1;
	}
	return 0;
}

void rnf_plan_ahead(struct rnf_plan *plan)
{
	for (size_t i = 0; i < plan->n_phases; i++) {
		const struct rnf_phase *phase = &plan->phases[i];
		const struct touches list = list_touches(phase);
		for (size_t j = 0; j < phase->n_tasks; j++)
			if (is_conv(&phase->tasks[j]) &&
			    !add_until_conv(phase, &list, j, j + 1, 0))
				add_until_conv(phase, &list, j, 0, 1);
	}
}
