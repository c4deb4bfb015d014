/* Runs few images without sums over the batch (inference of batch 1): all workers take each
 * image together, task by task, in the scratch of the first. Tasks that can be cut are
 * shared; the first worker runs the others. */
#include "exec/exec.h"
#include "exec/times.h"

static int has_parts(const struct rnf_task *t)
{
	const struct rnf_chain *chain = t->chain;
	if (chain) return chain->acc_floats == 0 && chain->pixels > chain->tile_pixels;
	return t->kernel.run && t->kernel.takes_parts;
}

/* Only one worker counts the task as a call. */
static void timed_task(struct rnf_worker *w, const struct rnf_phase *phase, size_t i)
{
	rnf_task_run(w, &phase->tasks[i]);
	if (!w->times) return;
	rnf_times_lap(w->times, RNF_TIME_TASKS + i);
	if (w->part > 0) w->times->rows[RNF_TIME_TASKS + i].calls--;
}

static void task(struct rnf_worker *w, const struct rnf_phase *phase, size_t i)
{
	const int index = (int)(w - w->exec->workers);
	if (has_parts(&phase->tasks[i])) {
		w->part = index;
		w->parts = w->exec->n_workers;
		timed_task(w, phase, i);
		w->part = 0;
		w->parts = 1;
	} else if (index == 0) {
		timed_task(w, phase, i);
	}
}

/* No barrier is needed between two tasks of the first worker. */
void rnf_images_together(struct rnf_worker *w, const struct rnf_phase *phase)
{
	const struct rnf_exec *exec = w->exec;
	int had_parts = 0;
	w->first = w->last = 1;
	w->next = -1; /* there is nothing to prefetch */
	for (w->image = 0; w->image < exec->images; w->image++)
		for (size_t i = 0; i < phase->n_tasks; i++) {
			const int has = has_parts(&phase->tasks[i]);
			if (has || had_parts) rnf_exec_barrier(w, NULL);
			had_parts = has;
			task(w, phase, i);
		}
}
