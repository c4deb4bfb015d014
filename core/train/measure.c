#include "train/measure.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/machine.h"
#include "train/eval.h"
#include "train/steps.h"

struct runner {
	struct rnf_experiment *e;
	int training, split;
	int64_t images, batches; /* of a step; that one after another are whole */
	int64_t taken;           /* steps of inference */
	struct rnf_steps steps;  /* of training */
};

/* -- steps -- */

/* Past the run's end it begins again, so that the scheduler knows its step. */
static struct rnf_step_seconds train(struct runner *r, int fresh)
{
	struct rnf_steps *s = &r->steps;
	int64_t n;
	if (s->run.step == s->run.steps) rnf_steps_seek(s, 0, 0, 0);
	if (s->position == s->run.steps_per_epoch) s->position = 0;
	if (s->position == 0) rnf_steps_epoch(s);
	return rnf_steps_next(s, fresh, &n);
}

static struct rnf_step_seconds infer(struct runner *r, int fresh)
{
	const int64_t from = r->taken++ % r->batches * r->images;
	struct rnf_step_seconds seconds = { 0 };
	const double start = rnf_now();
	if (fresh) {
		rnf_evaluation_fill(&r->e->session, &r->e->data, r->split, NULL, from, r->images);
		seconds.input = rnf_now() - start;
	}
	rnf_exec_run(r->e->session.execs[0]);
	seconds.whole = rnf_now() - start;
	return seconds;
}

static struct rnf_step_seconds step(struct runner *r, int fresh)
{
	return r->training ? train(r, fresh) : infer(r, fresh);
}

static struct runner start(struct rnf_experiment *e, int training)
{
	struct runner r = { .e = e, .training = training };
	const int tested = !training && e->data.info.images[RNF_SPLIT_TEST] > 0;
	const int64_t batch = e->conf.root.train.batch_size;
	r.split = tested ? RNF_SPLIT_TEST : RNF_SPLIT_TRAIN;
	const int64_t all = training ? e->data.n_train : e->data.info.images[r.split];
	r.images = batch < all ? batch : all;
	r.batches = all / r.images;
	if (!training) return r;
	rnf_steps_init(&r.steps, e);
	r.steps.run.steps_per_epoch = r.batches; /* whole ones alone */
	return r;
}

/* -- what they take -- */

static int by_value(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double median(double *at, int64_t n)
{
	qsort(at, (size_t)n, sizeof *at, by_value);
	return (at[(n - 1) / 2] + at[n / 2]) / 2;
}

/* In turn, so that both meet the same machine. */
static void measure(struct runner *r, struct rnf_measurement *m)
{
	double *full = rnf_alloc((size_t)m->steps * sizeof *full);
	double *ready = rnf_alloc((size_t)m->steps * sizeof *ready);
	for (int64_t i = 0; i < m->steps; i++) {
		full[i] = step(r, 1).whole;
		ready[i] = step(r, 0).whole;
	}
	m->seconds[0] = median(full, m->steps);
	m->seconds[1] = median(ready, m->steps);
}

static void add_everywhere(struct rnf_cost_sums *sums, const char *name,
			   double seconds)
{
	const struct rnf_cost cost = { .name = name, .seconds = seconds, .calls = 1 };
	rnf_costs_add(&sums->kinds, &cost);
	rnf_costs_add(&sums->phases, &cost);
	rnf_costs_add(&sums->layers, &cost);
}

static struct rnf_cost sum(const struct rnf_costs *costs)
{
	struct rnf_cost all = { 0 };
	for (size_t i = 0; i < costs->n; i++) {
		all.seconds += costs->at[i].seconds;
		all.operations += costs->at[i].operations;
		all.bytes += costs->at[i].bytes;
	}
	return all;
}

static int by_time(const void *a, const void *b)
{
	const struct rnf_cost *x = a, *y = b;
	return (x->seconds < y->seconds) - (x->seconds > y->seconds);
}

static void sort(struct rnf_costs *costs)
{
	qsort(costs->at, costs->n, sizeof *costs->at, by_time);
}

/* The executor's rows, the input before them; what is left of the steps is work
 * of the main thread, the optimizer, and threads that have none. */
static void gather(const struct runner *r, struct rnf_measurement *m, double input)
{
	const struct rnf_exec *exec = r->e->session.execs[r->training];
	struct rnf_cost_sums *sums = &m->sums;
	add_everywhere(sums, "input", input);
	rnf_exec_costs(exec, m->steps, sums);
	const struct rnf_cost all = sum(&sums->kinds);
	m->operations = all.operations;
	m->bytes = all.bytes;
	add_everywhere(sums, r->training ? "optimizer and the rest" : "the rest",
		       m->core_seconds - all.seconds);
	sort(&sums->kinds);
	sort(&sums->layers);
}

static void measure_parts(struct runner *r, struct rnf_measurement *m)
{
	struct rnf_step_seconds all = { 0 };
	const double n = (double)m->steps, threads = rnf_threads_count(r->e->session.threads);
	rnf_exec_time(r->e->session.execs[r->training]);
	for (int64_t i = 0; i < m->steps; i++) {
		const struct rnf_step_seconds one = step(r, 1);
		all.input += one.input;
		all.whole += one.whole;
	}
	m->timed_seconds = all.whole / n;
	m->core_seconds = threads * m->timed_seconds;
	gather(r, m, threads * all.input / n);
}

static double peak(const struct rnf_experiment *e)
{
	const struct rnf_backend_impl *impl = e->model.backend ? e->model.backend->impl : NULL;
	const enum rnf_precision precision = (enum rnf_precision)e->conf.root.precision;
	return impl && impl->peak ? impl->peak(e->model.backend_self, precision) : 0;
}

void rnf_measure(struct rnf_experiment *e, int training, int64_t steps,
		 struct rnf_measurement *m)
{
	struct runner r = start(e, training);
	*m = (struct rnf_measurement){ .training = training, .steps = steps,
				   .images = r.images };
	step(&r, 1);
	m->first_step_s = rnf_machine_age();
	step(&r, 1);
	m->peak = peak(e);
	measure(&r, m);
	m->peak_memory = rnf_machine_peak_memory();
	measure_parts(&r, m);
}
