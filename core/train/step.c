/* One step: a batch through the augmentations and the plan, a look at what came
 * out, then the weights and the running statistics. */
#include "train/step.h"

#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/floats.h"
#include "base/running.h"
#include "base/status.h"
#include "base/stream.h"
#include "data/split.h"
#include "train/eval.h"

void rnf_training_step_init(struct rnf_training_step *s, struct rnf_experiment *e)
{
	const int64_t batch = e->conf.root.train.batch_size;
	s->e = e;
	s->target = rnf_alloc((size_t)(batch * e->data.info.classes) * sizeof *s->target);
	s->samples = rnf_alloc((size_t)batch * sizeof *s->samples);
	s->squares = rnf_alloc(e->model.programs[1]->n_weights * sizeof *s->squares);
	s->rate = 0;
	s->fault = RNF_FAULT_NONE;
	s->strayed = s->broken = NULL;
	s->doing = "a callback";
}

struct rnf_run rnf_training_run(const struct rnf_experiment *e)
{
	const struct rnf_train_conf *c = &e->conf.root.train;
	struct rnf_run run = {
		.size = sizeof run, .name = e->conf.root.name, .epochs = c->epochs,
		.steps_per_epoch = (e->data.n_train + c->batch_size - 1) / c->batch_size };
	run.steps = run.steps_per_epoch * c->epochs;
	if (c->max_steps > 0 && c->max_steps < run.steps) run.steps = c->max_steps;
	return run;
}

void rnf_training_order(const struct rnf_config *c, const struct rnf_dataset *d, int64_t epoch,
			int64_t *order)
{
	if (c->root.train.shuffle)
		rnf_shuffle((uint64_t)c->root.seed, epoch, d->train, d->n_train, order);
	else
		memcpy(order, d->train, (size_t)d->n_train * sizeof *order);
}

const int64_t *rnf_training_images(const struct rnf_config *c, const struct rnf_dataset *d,
				   const int64_t *order, int64_t position, int64_t *n)
{
	const int64_t batch = c->root.train.batch_size, from = position * batch;
	const int64_t left = d->n_train - from;
	*n = left < batch ? left : batch;
	return order + from;
}

/* -- the parts of a step -- */

static void fill(const struct rnf_training_step *s, int64_t epoch, const int64_t *ids,
		 int64_t n)
{
	const struct rnf_dataset *d = &s->e->data;
	struct rnf_exec *x = s->e->session.execs[1];
	const int input = x->plan->program->input;
	x->images = n;
	x->target = s->target;
	x->samples = s->samples;
	for (int64_t i = 0; i < n; i++)
		s->samples[i] = (uint64_t)ids[i];
	rnf_batch_fill(d->batcher, x->threads, ids, RNF_SPLIT_TRAIN, n, epoch, 1, d->train,
		       d->n_train, rnf_exec_value(x, input, 0), rnf_exec_stride(x, input),
		       s->target);
}

/* -- judged before anything is changed -- */

/* Four sums side by side: always the same four, in the same order. */
static double square_sum(const struct rnf_model_weight *weight, const float *g,
			 const float *w)
{
	const double decay = 2.0 * weight->l2;
	double sums[4] = { 0 };
	int64_t i = 0;
	for (; i + 4 <= weight->size; i += 4)
		for (int k = 0; k < 4; k++) {
			const double d = g[i + k] + decay * w[i + k];
			sums[k] += d * d;
		}
	for (; i < weight->size; i++) {
		const double d = g[i] + decay * w[i];
		sums[0] += d * d;
	}
	return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

static void square_gradients(void *arg, int worker)
{
	const struct rnf_training_step *s = arg;
	const struct rnf_experiment *e = s->e;
	const struct rnf_program *p = e->model.programs[1];
	const int workers = rnf_threads_count(e->session.threads);
	for (size_t i = (size_t)worker; i < p->n_weights; i += (size_t)workers) {
		const struct rnf_model_weight *w = &p->weights[i];
		if (w->gradient < 0) continue;
		s->squares[i] = square_sum(w, rnf_exec_gradient(e->session.execs[1], w),
					   e->session.weights + w->offset);
	}
}

/* Of the loss with its L2 term; in the order of the weights, whoever summed. */
static double gradient_norm(struct rnf_training_step *s)
{
	double sum = 0;
	rnf_threads_run(s->e->session.threads, square_gradients, s);
	for (size_t i = 0; i < s->e->model.programs[1]->n_weights; i++)
		sum += s->squares[i];
	return sqrt(sum);
}

static enum rnf_fault judge(const struct rnf_exec *x, const struct rnf_run *run)
{
	if (!isfinite(run->loss)) return RNF_FAULT_LOSS;
	if (!isfinite(run->grad_norm)) return RNF_FAULT_GRADIENT;
	return rnf_exec_is_finite(x) ? RNF_FAULT_NONE : RNF_FAULT_STATISTICS;
}

/* Next comes `what`. Did all before it leave each thread's float mode alone? */
static void begin(struct rnf_training_step *s, const char *what)
{
	if (!rnf_threads_mode_kept(s->e->session.threads) && !s->strayed) s->strayed = s->doing;
	s->doing = what;
	rnf_running_doing(what);
}

/* -- what the plugins of a step promise -- */

/* The first is the one to tell. */
static void breach(struct rnf_training_step *s, const char *words)
{
	if (s->broken) return;
	s->broken = words;
	s->broken_as = RNF_EPLUGIN;
}

/* An image that could not be read is told as what it is. */
static void check_images(struct rnf_training_step *s)
{
	const rnf_status status = rnf_batcher_breach(s->e->data.batcher);
	if (status >= 0 || s->broken) return;
	s->broken = rnf_format("%s", rnf_fail_words());
	s->broken_as = status;
}

static void check_rate(struct rnf_training_step *s, double rate)
{
	const struct rnf_feature *f = s->e->conf.root.train.scheduler->feature;
	if (rate >= 0 && isfinite(rate)) return;
	breach(s, rnf_format("%s.%s: the rate is %g, must be a number, 0 or more", f->kind, f->name,
			     rate));
}

/* Of logits that are numbers a metric is one. */
static void check_metric(struct rnf_training_step *s, const struct rnf_run *run)
{
	const struct rnf_train_conf *c = &s->e->conf.root.train;
	const struct rnf_feature *f = c->metrics.at[s->e->conf.accuracy]->feature;
	if (isfinite(run->accuracy) || !isfinite(run->loss)) return;
	breach(s, rnf_format("%s.%s: the score is %g, must be a number", f->kind, f->name,
			     run->accuracy));
}

/* -- the update -- */

struct update_job {
	const struct rnf_experiment *e;
	struct rnf_update update;
};

/* Weights are shared out whole; each is updated tile by tile. */
static void update_weights(void *arg, int worker)
{
	const struct update_job *job = arg;
	const struct rnf_experiment *e = job->e;
	const struct rnf_program *p = e->model.programs[1];
	const struct rnf_ref *ref = e->conf.root.train.optimizer;
	const struct rnf_optimizer_impl *optimizer = ref->feature->impl;
	const int workers = rnf_threads_count(e->session.threads);
	struct rnf_update update = job->update;
	rnf_running_set(ref->feature);
	for (size_t i = (size_t)worker; i < p->n_weights; i += (size_t)workers) {
		const struct rnf_model_weight *w = &p->weights[i];
		if (w->gradient < 0) continue;
		const float *gradient = rnf_exec_gradient(e->session.execs[1], w);
		update.l2 = w->l2;
		for (int64_t k = 0; k < w->size; k += RNF_TILE_MAX) {
			const int64_t left = w->size - k;
			float *slots[RNF_SLOTS_MAX] = { 0 };
			for (size_t s = 0; s < optimizer->n_slots; s++)
				slots[s] = e->session.slots[s] + w->offset + k;
			optimizer->update(ref->conf, &update,
					  (size_t)(left < RNF_TILE_MAX ? left : RNF_TILE_MAX),
					  e->session.weights + w->offset + k, gradient + k,
					  slots);
		}
	}
	rnf_running_set(NULL);
}

double rnf_training_base_rate(const struct rnf_config *c)
{
	const struct rnf_ref *optimizer = c->root.train.optimizer;
	const struct rnf_param *row =
		rnf_param_row(optimizer->feature->params, "lr");
	if (row && row->type == RNF_TYPE_FLOAT)
		return *(const double *)((const char *)optimizer->conf + row->offset);
	return 1.0;
}

double rnf_training_rate(const struct rnf_config *c, const struct rnf_run *run)
{
	const struct rnf_ref *ref = c->root.train.scheduler;
	const struct rnf_scheduler_impl *scheduler = ref->feature->impl;
	const struct rnf_when when = {
		.size = sizeof when, .step = run->step,
		.steps_per_epoch = run->steps_per_epoch,
		.epochs = run->epochs,
		.lr = rnf_training_base_rate(c) };
	rnf_running_set(ref->feature);
	const double rate = scheduler->rate(ref->conf, &when);
	rnf_running_set(NULL);
	return rate;
}

static double mean_loss(const struct rnf_exec *x)
{
	double sum = 0;
	for (int64_t i = 0; i < x->images; i++)
		sum += *rnf_exec_value(x, x->plan->program->loss, i);
	return sum / (double)x->images;
}

static void update(const struct rnf_experiment *e, const struct rnf_run *run)
{
	struct update_job job = { e, { .size = sizeof job.update,
				       .step = run->step, .lr = run->lr } };
	rnf_threads_run(e->session.threads, update_weights, &job);
	rnf_exec_commit(e->session.execs[1]);
	e->session.execs[0]->stale = 1;
}

struct rnf_step_seconds rnf_training_step(struct rnf_training_step *s,
					  struct rnf_run *run, const int64_t *ids,
					  int64_t n, int fresh)
{
	struct rnf_experiment *e = s->e;
	struct rnf_exec *x = e->session.execs[1];
	struct rnf_step_seconds seconds = { 0 };
	const double start = rnf_now();
	s->strayed = s->broken = NULL;
	begin(s, "the scheduler");
	run->lr = s->rate > 0 ? s->rate : rnf_training_rate(&e->conf, run);
	check_rate(s, run->lr);
	x->key = rnf_stream_key((uint64_t)e->conf.root.seed, RNF_STREAM_NODE,
				(uint64_t)run->epoch);
	if (fresh) {
		begin(s, "the data set or an augmentation");
		fill(s, run->epoch, ids, n);
		check_images(s);
		seconds.input = rnf_now() - start;
	}
	begin(s, RNF_DOING_MODEL);
	rnf_exec_run(x);
	begin(s, "a metric");
	run->data_loss = mean_loss(x);
	run->loss = run->data_loss + rnf_model_l2(&e->model, e->session.weights);
	run->accuracy = rnf_metric_mean(e->conf.root.train.metrics.at[e->conf.accuracy], x);
	check_metric(s, run);
	run->grad_norm = gradient_norm(s);
	begin(s, "the optimizer");
	s->fault = judge(x, run);
	if (s->fault == RNF_FAULT_NONE && !s->strayed && !s->broken) update(e, run);
	begin(s, "a callback");
	seconds.whole = rnf_now() - start;
	run->images_per_s = (double)n / seconds.whole;
	return seconds;
}
