/* The loop: phases, a worker's share of the images, tasks. */
#include <stdatomic.h>
#include <string.h>

#include "base/arena.h"
#include "exec/crash.h"
#include "exec/exec.h"
#include "exec/times.h"

static void tasks(struct rnf_worker *w, const struct rnf_phase *phase)
{
	for (size_t i = 0; i < phase->n_tasks; i++)
		rnf_task_run(w, &phase->tasks[i]);
}

static void timed_tasks(struct rnf_worker *w, const struct rnf_phase *phase)
{
	for (size_t i = 0; i < phase->n_tasks; i++) {
		rnf_task_run(w, &phase->tasks[i]);
		rnf_times_lap(w->times, RNF_TIME_TASKS + i);
	}
}

/* Add the time since the last lap to a row. */
static void lap(const struct rnf_worker *w, size_t row)
{
	if (w->times) rnf_times_lap(w->times, row);
}

/* The first image of the unit that a worker will probably take after this one. */
static int64_t next_unit(const struct rnf_worker *w, int64_t from, int64_t to, int64_t unit)
{
	if (rnf_goes_back(w)) return from >= unit ? from - unit : -1;
	return to < w->exec->images ? to : -1;
}

/* Of one unit, in order. */
static void images(struct rnf_worker *w, const struct rnf_phase *phase, int64_t from,
		   int64_t unit)
{
	const int64_t end = from + unit, to = end < w->exec->images ? end : w->exec->images;
	void (*const image)(struct rnf_worker *, const struct rnf_phase *) =
		w->times ? timed_tasks : tasks;
	for (w->image = from; w->image < to; w->image++) {
		w->first = w->image == from;
		w->last = w->image == to - 1;
		w->next = w->last ? next_unit(w, from, to, unit) : w->image + 1;
		image(w, phase);
	}
}

static void leaf(struct rnf_worker *w, const struct rnf_phase *phase,
		 int64_t index)
{
	w->reduction = w->stack + w->n_partials * w->exec->plan->max_reductions;
	images(w, phase, index * RNF_LEAF, RNF_LEAF);
	if (!phase->reductions) return;
	rnf_reduce_push(w->partials, &w->n_partials,
			(struct rnf_partial){ 0, index, w->reduction }, phase);
	lap(w, RNF_TIME_MERGE);
}

static int64_t count_leaves(const struct rnf_exec *exec)
{
	return (exec->images + RNF_LEAF - 1) / RNF_LEAF;
}

static void share_leaves(struct rnf_worker *w, const struct rnf_phase *phase)
{
	w->n_partials = 0;
	for (int64_t taken = 0, i; (i = rnf_share_take(w, taken)) >= 0; taken++)
		leaf(w, phase, i);
}

static void share_images(struct rnf_worker *w, const struct rnf_phase *phase)
{
	for (int64_t taken = 0, i; (i = rnf_share_take(w, taken)) >= 0; taken++)
		images(w, phase, i, 1);
}

static void batch_op(struct rnf_worker *w, const struct rnf_op *op)
{
	atomic_store_explicit(&w->op, op, memory_order_relaxed);
	rnf_batch_run(w->exec, op);
	lap(w, RNF_TIME_BATCH);
}

/* Ends a phase; run by the worker that arrives last. */
static void end_phase(void *arg)
{
	struct rnf_worker *w = arg;
	struct rnf_exec *exec = w->exec;
	const struct rnf_phase *phase = &exec->plan->phases[exec->phase];
	if (phase->reductions) {
		memcpy(w->base[RNF_SPACE_GRADIENT] + phase->gradient,
		       rnf_reduce_finish(exec, phase),
		       (size_t)phase->reductions * sizeof(float));
		lap(w, RNF_TIME_MERGE);
	}
	for (size_t i = 0; i < phase->n_batch_ops; i++)
		batch_op(w, phase->batch_ops[i]);
	if (exec->look) exec->look(exec);
	exec->phase++;
	rnf_shares_begin(exec);
}

void rnf_exec_barrier(struct rnf_worker *w, void (*last)(void *))
{
	if (!w->exec->alone) rnf_threads_barrier(w->exec->threads, last, w);
	else if (last) last(w);
	lap(w, RNF_TIME_WAIT);
}

/* Pack the weights that changed since the last batch; workers share them tensor by tensor. */
static void pack_weights(struct rnf_worker *w, int worker)
{
	struct rnf_exec *exec = w->exec;
	const struct rnf_plan *plan = exec->plan;
	if (!exec->stale) return;
	const int workers = exec->alone ? 1 : exec->n_workers;
	for (size_t i = (size_t)worker; i < plan->n_packs; i += (size_t)workers) {
		const struct rnf_task *t = plan->packs[i];
		t->kernel.pack(t->kernel.state, rnf_at(w, t->in[1]),
			       exec->packed + t->packed);
		lap(w, RNF_TIME_PACK);
	}
	if (plan->n_packs) rnf_exec_barrier(w, NULL);
}

static void job(void *arg, int worker)
{
	struct rnf_exec *exec = arg;
	struct rnf_worker *w = &exec->workers[worker];
	lap(w, RNF_TIME_WAIT); /* for the thread to wake */
	rnf_crash_worker(w);
	w->base[RNF_SPACE_SCRATCH] = exec->workers[exec->together ? 0 : worker].scratch;
	pack_weights(w, worker);
	for (size_t i = 0; i < exec->plan->n_phases; i++) {
		if (w->times) rnf_times_phase(w->times, i);
		exec->run_phase(w, &exec->plan->phases[i]);
		rnf_exec_barrier(w, end_phase);
	}
	rnf_crash_worker(NULL);
}

/* With sums over the batch, a unit is a leaf, which one worker sums. */
static void choose_run(struct rnf_exec *exec)
{
	const int sums = exec->plan->max_reductions > 0;
	exec->units = sums ? count_leaves(exec) : exec->images;
	exec->alone = sums && exec->units == 1;
	exec->together = !sums && exec->images < exec->n_workers;
	exec->run_phase = sums ? share_leaves
			: exec->together ? rnf_images_together : share_images;
}

/* Ops that depend on the weights alone, or on nothing: those run once. */
static void prologue(struct rnf_exec *exec, int of_weights)
{
	rnf_crash_worker(&exec->workers[0]);
	for (size_t i = 0; i < exec->plan->n_prologue; i++)
		if (!exec->plan->prologue[i]->n_in == !of_weights)
			batch_op(&exec->workers[0], exec->plan->prologue[i]);
	rnf_crash_worker(NULL);
}

void rnf_exec_run(struct rnf_exec *exec)
{
	if (exec->workers[0].times) rnf_times_start(exec);
	exec->stale |= exec->plan->program->training;
	if (exec->stale) prologue(exec, 1);
	exec->phase = 0;
	choose_run(exec);
	rnf_shares_begin(exec);
	/* left from the last run; a worker without work in this run must have none */
	for (int i = 0; i < exec->n_workers; i++)
		exec->workers[i].n_partials = 0;
	if (exec->alone) job(exec, 0);
	else rnf_threads_run(exec->threads, job, exec);
	exec->stale = 0;
}

static float *floats(int64_t n)
{
	return rnf_alloc((size_t)(n + 16) * sizeof(float));
}

/* A worker needs at most two partial sums for each level of the tree, and one vector for
 * the current leaf. */
static int64_t stack_depth(int64_t batch)
{
	int64_t depth = 3;
	for (int64_t leaves = batch / RNF_LEAF + 1; leaves > 0; leaves /= 2)
		depth += 2;
	return depth;
}

static void worker_init(struct rnf_exec *exec, struct rnf_worker *w)
{
	const struct rnf_plan *plan = exec->plan;
	w->exec = exec;
	w->parts = 1;
	w->scratch = floats(plan->scratch);
	w->tiles = floats(plan->tiles);
	w->accumulators = floats(plan->accumulators);
	w->strands = rnf_alloc(plan->max_strands * sizeof *w->strands);
	w->kernel_scratch = floats((int64_t)plan->kernel_scratch_bytes / 4);
	w->kept = floats(plan->leaf);
	w->stack = floats(stack_depth(plan->batch) * plan->max_reductions);
}

double rnf_exec_bytes(const struct rnf_plan *plan, int threads)
{
	const int64_t all = plan->arena + plan->channel + plan->gradient + plan->packed;
	const int64_t worker = plan->scratch + plan->tiles + plan->accumulators +
			       (int64_t)plan->kernel_scratch_bytes / 4 + plan->leaf +
			       stack_depth(plan->batch) * plan->max_reductions;
	return 4 * ((double)all + (double)threads * (double)worker);
}

struct rnf_exec *rnf_exec_create(const struct rnf_plan *plan,
				 struct rnf_threads *threads, float *weights)
{
	struct rnf_exec *exec = rnf_alloc(sizeof *exec);
	float *arena = floats(plan->arena), *channel = floats(plan->channel);
	float *gradient = floats(plan->gradient);
	exec->plan = plan;
	exec->stale = 1;
	exec->packed = floats(plan->packed);
	exec->threads = threads;
	exec->n_workers = rnf_threads_count(threads);
	rnf_shares_create(exec);
	exec->workers = rnf_alloc((size_t)exec->n_workers * sizeof *exec->workers);
	for (int i = 0; i < exec->n_workers; i++) {
		struct rnf_worker *w = &exec->workers[i];
		worker_init(exec, w);
		w->base[RNF_SPACE_ARENA] = w->base[RNF_SPACE_NARROW] = arena;
		w->base[RNF_SPACE_CHANNEL] = channel;
		w->base[RNF_SPACE_GRADIENT] = gradient;
		w->base[RNF_SPACE_WEIGHT] = weights;
	}
	prologue(exec, 0);
	return exec;
}

float *rnf_exec_value(const struct rnf_exec *exec, int value, int64_t image)
{
	const struct rnf_operand o = exec->plan->operands[value];
	return exec->workers[0].base[o.space] + o.offset + image * o.stride;
}

int64_t rnf_exec_stride(const struct rnf_exec *exec, int value)
{
	return exec->plan->operands[value].stride;
}

const float *rnf_exec_gradient(const struct rnf_exec *exec,
			       const struct rnf_model_weight *weight)
{
	return rnf_exec_value(exec, weight->gradient, 0) + weight->gradient_offset;
}
