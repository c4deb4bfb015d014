/* Tables of times, and their sums by kind of work, phase and layer. */
#include "exec/times.h"

#include <string.h>

#include "base/arena.h"

/* -- the tables -- */

static struct rnf_times *new_times(const struct rnf_plan *plan)
{
	struct rnf_times *t = rnf_alloc(sizeof *t);
	t->phases = rnf_alloc((1 + plan->n_phases) * sizeof *t->phases);
	t->phases[0] = rnf_alloc(RNF_TIME_TASKS * sizeof **t->phases);
	for (size_t i = 0; i < plan->n_phases; i++)
		t->phases[i + 1] = rnf_alloc((RNF_TIME_TASKS + plan->phases[i].n_tasks) *
					     sizeof **t->phases);
	return t;
}

void rnf_exec_time(struct rnf_exec *exec)
{
	for (int i = 0; i < exec->n_workers; i++)
		exec->workers[i].times = new_times(exec->plan);
}

void rnf_times_start(const struct rnf_exec *exec)
{
	const double now = rnf_now();
	for (int i = 0; i < exec->n_workers; i++) {
		struct rnf_times *t = exec->workers[i].times;
		t->rows = t->phases[0];
		t->last = now;
	}
}

/* A row of all workers. */
static struct rnf_time total(const struct rnf_exec *exec, size_t phase, size_t row)
{
	struct rnf_time sum = { 0 };
	for (int i = 0; i < exec->n_workers; i++) {
		const struct rnf_time *t =
			&exec->workers[i].times->phases[phase][row];
		sum.seconds += t->seconds;
		sum.calls += t->calls;
	}
	return sum;
}

/* -- what a task moves -- */

static int64_t bytes_at(struct rnf_operand o, int64_t floats)
{
	if (o.space == RNF_SPACE_ARENA) return 4 * floats;
	return o.space == RNF_SPACE_NARROW ? 2 * floats : 0;
}

static int64_t size_of(const struct rnf_plan *plan, int value)
{
	return rnf_value_size(&plan->program->values[value]);
}

/* A strand is read or written tile by tile; links that share it find it in L1. */
static int64_t chain_bytes(const struct rnf_plan *plan, const struct rnf_chain *chain)
{
	int64_t n = 0;
	for (size_t i = 0; i < chain->n_strands; i++)
		n += bytes_at(chain->strands[i].operand, chain->pixels * chain->strands[i].c);
	for (size_t i = 0; i < chain->n_links; i++) {
		const struct rnf_link *s = &chain->links[i];
		for (int k = 0; k < RNF_OP_INPUTS; k++)
			n += bytes_at(s->in[k].whole,
				      s->move ? chain->pixels * s->c : s->c);
		n += bytes_at(s->sum, size_of(plan, s->op->out));
	}
	return n;
}

static int64_t task_bytes(const struct rnf_plan *plan, const struct rnf_task *task)
{
	const int64_t out = size_of(plan, task->op->out);
	if (task->chain) return chain_bytes(plan, task->chain);
	if (task->move) return bytes_at(task->in[0], out) + bytes_at(task->out, out);
	int64_t n = bytes_at(task->out, out);
	for (int i = 0; i < task->op->n_in; i++)
		n += bytes_at(task->in[i], size_of(plan, task->op->in[i]));
	return n;
}

static double task_operations(const struct rnf_plan *plan, const struct rnf_task *task)
{
	return task->move ? 0 : 2 * (double)rnf_op_macs(plan->program, task->op);
}

/* -- sums -- */

void rnf_costs_add(struct rnf_costs *costs, const struct rnf_cost *cost)
{
	struct rnf_cost *to = NULL;
	for (size_t i = 0; i < costs->n && !to; i++)
		if (!strcmp(costs->at[i].name, cost->name)) to = &costs->at[i];
	if (!to) {
		to = rnf_push((void **)&costs->at, &costs->n, sizeof *to);
		*to = (struct rnf_cost){ .name = cost->name };
	}
	to->seconds += cost->seconds;
	to->calls += cost->calls;
	to->operations += cost->operations;
	to->bytes += cost->bytes;
}

static void add(struct rnf_costs *costs, const char *name, struct rnf_cost cost)
{
	cost.name = name;
	rnf_costs_add(costs, &cost);
}

static struct rnf_cost cost_of(struct rnf_time time, int64_t runs)
{
	return (struct rnf_cost){ .seconds = time.seconds / (double)runs,
				  .calls = (double)time.calls / (double)runs };
}

/* Rows that are no tasks belong to no layer. */
static void add_others(const struct rnf_exec *exec, size_t phase, const char *name,
		       int64_t runs, struct rnf_cost_sums *sums)
{
	static const char *const words[RNF_TIME_TASKS] = {
		[RNF_TIME_WAIT] = "waiting at barriers",
		[RNF_TIME_MERGE] = "merging of sums",
		[RNF_TIME_BATCH] = "batch ops",
		[RNF_TIME_PACK] = "packing of weights",
	};
	for (size_t row = 0; row < RNF_TIME_TASKS; row++) {
		const struct rnf_time time = total(exec, phase, row);
		if (time.calls == 0) continue;
		const struct rnf_cost cost = cost_of(time, runs);
		add(&sums->kinds, words[row], cost);
		add(&sums->phases, name, cost);
		add(&sums->layers, words[row], cost);
	}
}

static void add_steps(const struct rnf_exec *exec, size_t phase, const char *name,
		      int64_t runs, struct rnf_cost_sums *sums)
{
	const struct rnf_plan *plan = exec->plan;
	for (size_t i = 0; i < plan->phases[phase].n_tasks; i++) {
		const struct rnf_task *task = &plan->phases[phase].tasks[i];
		struct rnf_cost cost =
			cost_of(total(exec, 1 + phase, RNF_TIME_TASKS + i), runs);
		cost.bytes = cost.calls * (double)task_bytes(plan, task);
		cost.operations = cost.calls * task_operations(plan, task);
		add(&sums->kinds, rnf_task_words(plan, task), cost);
		add(&sums->phases, name, cost);
		add(&sums->layers, rnf_task_label(task), cost);
	}
}

void rnf_exec_costs(const struct rnf_exec *exec, int64_t runs,
		    struct rnf_cost_sums *sums)
{
	add_others(exec, 0, "before the phases", runs, sums);
	for (size_t i = 0; i < exec->plan->n_phases; i++) {
		const char *name = rnf_format("%zu", i);
		add_steps(exec, i, name, runs, sums);
		add_others(exec, 1 + i, name, runs, sums);
	}
}
