/* Runs few images without sums over the batch (inference of batch 1): all workers take each
 * image together, step by step, in the scratch of the first. Steps that can be cut are
 * shared; the first worker runs the others. */
#include "exec/exec.h"
#include "exec/times.h"

static int has_parts(const struct rnf_step *s)
{
	const struct rnf_chain *chain = s->chain;
	if (chain) return chain->acc_floats == 0 && chain->pixels > chain->tile_pixels;
	return s->kernel.run && s->kernel.takes_parts;
}

/* Only one worker counts the step as a call. */
static void timed_step(struct rnf_worker *w, const struct rnf_phase *phase, size_t i)
{
	rnf_step_run(w, &phase->steps[i]);
	if (!w->times) return;
	rnf_times_lap(w->times, RNF_TIME_STEPS + i);
	if (w->part > 0) w->times->rows[RNF_TIME_STEPS + i].calls--;
}

static void step(struct rnf_worker *w, const struct rnf_phase *phase, size_t i)
{
	const int index = (int)(w - w->exec->workers);
	if (has_parts(&phase->steps[i])) {
		w->part = index;
		w->parts = w->exec->n_workers;
		timed_step(w, phase, i);
		w->part = 0;
		w->parts = 1;
	} else if (index == 0) {
		timed_step(w, phase, i);
	}
}

/* No barrier is needed between two steps of the first worker. */
void rnf_images_together(struct rnf_worker *w, const struct rnf_phase *phase)
{
	const struct rnf_exec *exec = w->exec;
	int had_parts = 0;
	w->first = w->last = 1;
	w->next = -1; /* there is nothing to prefetch */
	for (w->image = 0; w->image < exec->images; w->image++)
		for (size_t i = 0; i < phase->n_steps; i++) {
			const int has = has_parts(&phase->steps[i]);
			if (has || had_parts) rnf_exec_barrier(w, NULL);
			had_parts = has;
			step(w, phase, i);
		}
}
