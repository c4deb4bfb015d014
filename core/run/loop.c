/* The training loop: epochs, steps, logs, evaluation, callbacks, signals. */
#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/running.h"
#include "base/machine.h"
#include "base/signal.h"
#include "base/status.h"
#include "exec/crash.h"
#include "plugin/answer.h"
#include "run/log.h"
#include "run/loop.h"
#include "train/eval.h"
#include "train/numerics.h"
#include "train/steps.h"

struct training {
	struct rnf_steps steps; /* first, with its run: what callbacks see */
	struct rnf_experiment *e;
	struct rnf_checkpoints *checkpoints;
	struct rnf_train_log log;
	int ending; /* the next save is the last: it must not be lost */
	int64_t first_step; /* made before this process */
	struct rnf_epoch_sums sums; /* of the current or last epoch */
	struct rnf_epoch *history;
	void **callbacks; /* private states of the callbacks */
	double start;
};

/* -- callbacks -- */

static const struct rnf_callback_impl *callback(const struct training *t, size_t i)
{
	return t->e->conf.root.train.callbacks.at[i]->feature->impl;
}

static const struct rnf_feature *feature(const struct training *t, size_t i)
{
	return t->e->conf.root.train.callbacks.at[i]->feature;
}

static rnf_status tell_one(struct training *t, size_t i, enum rnf_event event)
{
	rnf_answer_begin();
	rnf_running_set(feature(t, i));
	const rnf_status status = callback(t, i)->on(t->callbacks[i], event, &t->steps.run);
	rnf_running_set(NULL);
	return rnf_answer_named(feature(t, i), "on", status);
}

static rnf_status open_one(struct training *t, size_t i)
{
	const struct rnf_ref *ref = t->e->conf.root.train.callbacks.at[i];
	t->callbacks[i] = (void *)ref->conf;
	if (!callback(t, i)->open) return RNF_OK;
	rnf_answer_begin();
	rnf_running_set(feature(t, i));
	const rnf_status status = callback(t, i)->open(&rnf_host, ref->conf, &t->callbacks[i]);
	rnf_running_set(NULL);
	return rnf_answer_named(feature(t, i), "open", status);
}

static rnf_status tell(struct training *t, enum rnf_event event)
{
	rnf_running_doing("a callback");
	for (size_t i = 0; i < t->e->conf.root.train.callbacks.n; i++)
		RNF_TRY(tell_one(t, i, event));
	return RNF_OK;
}

static rnf_status open_callbacks(struct training *t)
{
	const struct rnf_refs refs = t->e->conf.root.train.callbacks;
	t->callbacks = rnf_alloc((refs.n + 1) * sizeof *t->callbacks);
	for (size_t i = 0; i < refs.n; i++)
		RNF_TRY(open_one(t, i));
	return RNF_OK;
}

static void close_callbacks(struct training *t)
{
	for (size_t i = 0; t->callbacks && i < t->e->conf.root.train.callbacks.n; i++)
		if (callback(t, i)->close) {
			rnf_running_set(feature(t, i));
			callback(t, i)->close(t->callbacks[i]);
			rnf_running_set(NULL);
		}
}

/* -- checkpoints and signals -- */

static struct rnf_progress progress(const struct training *t)
{
	return (struct rnf_progress){
		.step = t->steps.run.step, .epochs = t->steps.run.epochs,
		.seconds = rnf_now() - t->start, .sums = t->sums,
		.numerics = t->e->session.numerics,
		.history = t->history, .n_history = t->steps.run.n_history };
}

static rnf_status save(const struct rnf_run *run, const char *file, int64_t keep)
{
	struct training *t = (struct training *)(uintptr_t)run; /* its first member */
	const struct rnf_progress p = progress(t);
	rnf_train_log_sync(&t->log);
	if (t->ending) return rnf_checkpoint_write_last(t->checkpoints, &p, file, keep);
	rnf_checkpoint_write(t->checkpoints, &p, file, keep);
	return RNF_OK;
}

static rnf_status save_step(struct training *t)
{
	return save(&t->steps.run, rnf_format("%s_step%lld", t->steps.run.name,
					(long long)t->steps.run.step), INT64_MAX);
}

static rnf_status stop(struct training *t)
{
	if (t->steps.run.step == t->first_step)
		return rnf_signal_check("before the first step: nothing was saved");
	t->ending = 1;
	RNF_TRY(save_step(t));
	return rnf_signal_check(rnf_format("after step %lld of %lld, which is saved: "
					   "train with --resume auto continues",
					   (long long)t->steps.run.step,
					   (long long)t->steps.run.steps));
}

static rnf_status obey_signals(struct training *t)
{
	if (rnf_signal_save() && t->steps.run.step > t->first_step) {
		RNF_TRY(save_step(t));
		rnf_log(RNF_LOG_INFO, "step %lld: a checkpoint, as a signal asked",
			(long long)t->steps.run.step);
	}
	return rnf_signal_stop() ? stop(t) : RNF_OK;
}

/* -- a step -- */

enum { LATE_S = 60, LATE_TIMES = 20 };

/* Seconds after which a step is reported as slow, from the other steps of its epoch. */
static unsigned patience(const struct training *t)
{
	const double mean = t->steps.position > 0 ? t->sums.seconds / (double)t->steps.position : 0;
	const double s = LATE_TIMES * mean;
	return s > LATE_S && s < 1e6 ? (unsigned)s : LATE_S;
}

/* A step with non-finite numbers counts in the time only. */
static void step(struct training *t)
{
	int64_t n;
	rnf_crash_expect(patience(t));
	t->sums.seconds += rnf_steps_next(&t->steps, 1, &n).whole;
	rnf_crash_expect(0);
	if (t->steps.step.fault) return;
	t->sums.loss += t->steps.run.loss * (double)n;
	t->sums.data_loss += t->steps.run.data_loss * (double)n;
	t->sums.accuracy += t->steps.run.accuracy * (double)n;
	t->sums.images += n;
}

/* -- an epoch -- */

static struct rnf_epoch summary(const struct training *t)
{
	/* an epoch without a finite step has no means */
	const double n = t->sums.images > 0 ? (double)t->sums.images : NAN;
	return (struct rnf_epoch){
		.epoch = t->steps.run.epoch, .step = t->steps.run.step, .lr = t->steps.run.lr,
		.train_loss = t->sums.loss / n,
		.train_data_loss = t->sums.data_loss / n,
		.train_accuracy = t->sums.accuracy / n,
		.val_loss = NAN, .val_accuracy = NAN,
		.images_per_s = (double)t->sums.images / t->sums.seconds,
		.peak_rss_bytes = rnf_machine_peak_memory() };
}

static rnf_status validate(struct training *t, struct rnf_epoch *h)
{
	struct rnf_experiment *e = t->e;
	struct rnf_scores s;
	if (e->data.n_val == 0) return RNF_OK;
	const rnf_status status =
		rnf_evaluate(e, RNF_SPLIT_TRAIN, e->data.val, e->data.n_val, NULL, &s);
	if (status == RNF_ESTOPPED) return stop(t);
	h->val_loss = s.loss + rnf_model_l2(&e->model, e->session.weights);
	h->val_accuracy = s.accuracy;
	return status;
}

static rnf_status end_epoch(struct training *t)
{
	struct rnf_epoch *h = &t->history[t->steps.run.n_history];
	*h = summary(t);
	RNF_TRY(validate(t, h));
	h->time_s = rnf_now() - t->start;
	t->e->session.n_history = ++t->steps.run.n_history;
	rnf_train_log_epoch(&t->log, h);
	return tell(t, RNF_EVENT_EPOCH);
}

static rnf_status epoch(struct training *t)
{
	if (t->steps.position == 0) t->sums = (struct rnf_epoch_sums){ 0 };
	rnf_steps_epoch(&t->steps);
	while (rnf_steps_left(&t->steps)) {
		RNF_TRY(obey_signals(t));
		step(t);
		rnf_train_log_step(&t->log, &t->steps.run);
		RNF_TRY(rnf_numerics_step(&t->steps.step, &t->steps.run));
		RNF_TRY(tell(t, RNF_EVENT_STEP));
	}
	RNF_TRY(rnf_steps_end(&t->steps));
	return end_epoch(t);
}

/* -- a run -- */

static void init(struct training *t, struct rnf_experiment *e,
		 struct rnf_checkpoints *checkpoints)
{
	const int64_t epochs = e->conf.root.train.epochs;
	t->e = e;
	t->checkpoints = checkpoints;
	rnf_steps_init(&t->steps, e);
	t->steps.run.dir = checkpoints->dir;
	t->steps.run.save = save;
	t->history = rnf_alloc((size_t)(epochs + 1) * sizeof *t->history);
	t->steps.run.history = e->session.history = t->history;
	t->start = rnf_now();
}

/* Resume inside an epoch that train.max_steps had cut short. */
static rnf_status go_on(struct training *t, const struct rnf_progress *from)
{
	const int64_t per_epoch = t->steps.run.steps_per_epoch;
	int64_t n = 0;
	while (n < from->n_history && n < t->steps.run.epochs &&
	       from->history[n].step == (n + 1) * per_epoch)
		n++;
	const int64_t position = from->step - n * per_epoch;
	if (position < 0 || position > per_epoch)
		return rnf_fail(RNF_EINVAL, "a checkpoint of step %lld with %lld whole "
				"epochs of %lld steps makes no sense",
				(long long)from->step, (long long)n, (long long)per_epoch);
	memcpy(t->history, from->history, (size_t)n * sizeof *t->history);
	t->steps.run.n_history = t->e->session.n_history = n;
	rnf_steps_seek(&t->steps, n, position, from->step);
	t->first_step = from->step;
	if (from->step > 0) t->steps.run.lr = rnf_training_rate(&t->e->conf, &t->steps.run);
	t->sums = from->sums;
	t->e->session.numerics = from->numerics;
	t->start -= from->seconds;
	return RNF_OK;
}

static rnf_status run(struct training *t)
{
	RNF_TRY(open_callbacks(t));
	RNF_TRY(tell(t, RNF_EVENT_BEGIN));
	while (t->steps.run.step < t->steps.run.steps || t->steps.position > 0)
		RNF_TRY(epoch(t));
	rnf_numerics_end(&t->e->session, &t->e->conf, &t->steps.run);
	t->ending = 1;
	RNF_TRY(tell(t, RNF_EVENT_END));
	return rnf_model_write(t->checkpoints);
}

static rnf_status open_log(struct training *t, const struct rnf_progress *from,
			   const char *user)
{
	const char *dir = t->steps.run.dir;
	if (!from) return rnf_train_log_create(&t->log, dir, user);
	return rnf_train_log_resume(&t->log, dir, user, from->step, t->steps.run.n_history);
}

rnf_status rnf_train(struct rnf_experiment *e, struct rnf_checkpoints *checkpoints,
		     const struct rnf_progress *from, const char *log)
{
	struct training *t = rnf_alloc(sizeof *t);
	init(t, e, checkpoints);
	if (from) RNF_TRY(go_on(t, from));
	rnf_status status = open_log(t, from, log);
	if (status >= 0) status = run(t);
	e->session.step = t->steps.run.step;
	close_callbacks(t);
	return rnf_train_log_close(&t->log, status);
}
