/* Makes the plan: chooses kernels, cuts phases by depth, places what lives longer than a
 * phase, writes each phase's tasks, and sums up what the executor needs to allocate. */
#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "plan/planner.h"

/* A batch op runs at the end of the phase before its own; op by op each op has a phase, in
 * which its value is looked at. */
static size_t count_phases(const struct rnf_planner *b)
{
	int last = 0;
	for (int i = 0; i < (int)b->p->n_ops; i++) {
		const int is_before = b->fused && rnf_class_of(&b->p->ops[i]) == RNF_BATCH;
		const int phase = rnf_own_phase(b, i) - is_before;
		if (phase > last) last = phase;
	}
	return (size_t)last + 1;
}

/* An op that reads a value twice is listed once. */
static struct rnf_op_list *list_readers(const struct rnf_program *p)
{
	struct rnf_op_list *readers = rnf_alloc(p->n_values * sizeof *readers);
	for (int id = 0; id < (int)p->n_ops; id++)
		for (int i = 0; i < p->ops[id].n_in; i++) {
			struct rnf_op_list *list = &readers[p->ops[id].in[i]];
			if (list->n == 0 || list->at[list->n - 1] != id)
				rnf_list_add(list, id);
		}
	return readers;
}

static void init(struct rnf_planner *b, int64_t batch)
{
	const struct rnf_program *p = b->p;
	struct rnf_plan *plan = b->plan;
	plan->program = p;
	plan->batch = batch;
	b->phase_of = rnf_phases_number(p, b->fused);
	plan->n_phases = count_phases(b);
	plan->phases = rnf_alloc(plan->n_phases * sizeof *plan->phases);
	plan->operands = rnf_alloc(p->n_values * sizeof *plan->operands);
	b->need = rnf_alloc(plan->n_phases * sizeof *b->need);
	b->stored = plan->stored = rnf_alloc(p->n_values);
	b->runs_in = rnf_alloc(p->n_ops * sizeof *b->runs_in);
	memset(b->runs_in, -1, p->n_ops * sizeof *b->runs_in);
	b->done = rnf_alloc(p->n_ops);
	b->at = rnf_alloc(p->n_values * sizeof *b->at);
	b->narrow_at = rnf_alloc(p->n_values * sizeof *b->narrow_at);
	b->kernels = rnf_alloc(p->n_ops * sizeof *b->kernels);
	b->readers = list_readers(p);
	b->weave = rnf_weave_create(b);
}

/* Activations are promised at most RNF_TILE_MAX floats, and a tile has a pixel at least. */
static rnf_status check_chain(const struct rnf_chain *chain)
{
	for (size_t i = 0; i < chain->n_links; i++) {
		const struct rnf_link *s = &chain->links[i];
		if (s->op->act && s->c > RNF_TILE_MAX)
			return rnf_fail(RNF_EINVAL, "layer %s has %lld channels, must have 1 .. "
					"%d", s->op->label, (long long)s->c, RNF_TILE_MAX);
	}
	return RNF_OK;
}

static rnf_status check_chains(const struct rnf_plan *plan)
{
	for (size_t i = 0; i < plan->n_phases; i++)
		for (size_t j = 0; j < plan->phases[i].n_tasks; j++) {
			const struct rnf_chain *chain = plan->phases[i].tasks[j].chain;
			if (chain) RNF_TRY(check_chain(chain));
		}
	return RNF_OK;
}

/* Place what tasks keep during a leaf; the tasks of a phase have separate places. */
static void place_kept(struct rnf_plan *plan)
{
	for (size_t i = 0; i < plan->n_phases; i++) {
		int64_t floats = 0;
		for (size_t j = 0; j < plan->phases[i].n_tasks; j++) {
			struct rnf_task *task = &plan->phases[i].tasks[j];
			task->leaf = floats;
			floats += rnf_round16((int64_t)task->kernel.leaf_bytes / 4);
		}
		if (floats > plan->leaf) plan->leaf = floats;
	}
}

/* Sum up the scratch and the packed weights of kernels. */
static void place_kernels(struct rnf_plan *plan)
{
	for (size_t i = 0; i < plan->n_phases; i++)
		for (size_t j = 0; j < plan->phases[i].n_tasks; j++) {
			struct rnf_task *task = &plan->phases[i].tasks[j];
			const size_t scratch = task->chain || task->move ? 0
				: task->kernel.run ? task->kernel.scratch_bytes
						   : task->op->scratch * sizeof(float);
			if (scratch > plan->kernel_scratch_bytes)
				plan->kernel_scratch_bytes = scratch;
			if (!task->kernel.pack) continue;
			task->packed = plan->packed;
			plan->packed += rnf_round16((int64_t)task->kernel.pack_floats);
			*(const struct rnf_task **)rnf_push((void **)&plan->packs,
				&plan->n_packs, sizeof *plan->packs) = task;
		}
}

/* Kernels come first: they decide what chains write. */
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
	rnf_recompute(&b);
	rnf_planner_places(&b);
	for (size_t phase = 0; phase < b.plan->n_phases; phase++)
		RNF_TRY(rnf_planner_phase(&b, phase));
	RNF_TRY(check_chains(*plan));
	place_kernels(*plan);
	place_kept(*plan);
	rnf_plan_ahead(*plan);
	return RNF_OK;
}
