/* The training loop: epochs, steps, the log, evaluation, callbacks. */
#include <limits.h>
#include <math.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/machine.h"
#include "base/status.h"
#include "train/numerics.h"

struct running { /* sums over the images of an epoch */
	double loss, data_loss, accuracy, seconds;
	int64_t images;
};

struct training {
	struct rnf_run run; /* first: what callbacks see */
	struct rnf_experiment *e;
	FILE *log, *csv; /* the run folder's */
	const char *log_path, *csv_path;
	FILE *user_log; /* --log, or NULL */
	struct rnf_training_step step;
	int64_t *order; /* of the epoch's images */
	struct running epoch;
	struct rnf_epoch *history;
	void **callbacks; /* their private state */
	double start;
};

/* -- callbacks -- */

static const struct rnf_callback_impl *callback(const struct training *t, size_t i)
{
	return t->e->conf.train.callbacks.at[i]->feature->impl;
}

static rnf_status tell(struct training *t, enum rnf_event event)
{
	for (size_t i = 0; i < t->e->conf.train.callbacks.n; i++)
		if (callback(t, i)->on)
			RNF_TRY(callback(t, i)->on(t->callbacks[i], event, &t->run));
	return RNF_OK;
}

static rnf_status open_callbacks(struct training *t)
{
	const struct rnf_refs refs = t->e->conf.train.callbacks;
	t->callbacks = rnf_alloc((refs.n + 1) * sizeof *t->callbacks);
	for (size_t i = 0; i < refs.n; i++) {
		t->callbacks[i] = (void *)refs.at[i]->conf;
		if (callback(t, i)->open)
			RNF_TRY(callback(t, i)->open(&rnf_host, refs.at[i]->conf,
						     &t->callbacks[i]));
	}
	return RNF_OK;
}

static rnf_status save(const struct rnf_run *run, const char *file)
{
	const struct training *t = (const struct training *)run;
	char path[PATH_MAX], step[24], epoch[24];
	snprintf(path, sizeof path, "%s/checkpoints/%s%s", run->dir, file,
		 rnf_native_suffix());
	snprintf(step, sizeof step, "%lld", (long long)run->step);
	snprintf(epoch, sizeof epoch, "%lld", (long long)run->epoch);
	const struct rnf_text texts[] = {
		{ "rnframe.name", run->name },
		{ "rnframe.version", RNF_VERSION },
		{ "rnframe.step", step },
		{ "rnframe.epoch", epoch },
	};
	return rnf_weights_write(t->e, path, 1, texts, sizeof texts / sizeof *texts);
}

/* -- the log -- */

/* With a key for JSON, which has no NaN; else for CSV, whose readers know nan. */
static void put(FILE *f, const char *key, double value)
{
	if (key) fprintf(f, ", \"%s\": ", key);
	else fputc(',', f);
	if (isfinite(value)) fprintf(f, "%.9g", value);
	else fputs(key ? "null" : isnan(value) ? "nan" : value < 0 ? "-inf" : "inf", f);
}

static void log_step(const struct training *t)
{
	FILE *const files[] = { t->log, t->user_log };
	for (int i = 0; i < 2; i++) {
		FILE *f = files[i];
		if (!f) continue;
		fprintf(f, "{\"step\": %lld, \"epoch\": %lld",
			(long long)t->run.step, (long long)t->run.epoch);
		put(f, "lr", t->run.lr);
		put(f, "loss", t->run.loss);
		put(f, "data_loss", t->run.data_loss);
		put(f, "grad_norm", t->run.grad_norm);
		put(f, "accuracy", t->run.accuracy);
		put(f, "images_per_s", t->run.images_per_s);
		fputs("}\n", f);
	}
}

static void step(struct training *t, const int64_t *ids, int64_t n)
{
	const double seconds =
		rnf_training_step(&t->step, &t->run, ids, n, 1).whole;
	t->epoch.seconds += seconds;
	if (t->step.fault) return;
	t->epoch.loss += t->run.loss * (double)n;
	t->epoch.data_loss += t->run.data_loss * (double)n;
	t->epoch.accuracy += t->run.accuracy * (double)n;
	t->epoch.images += n;
}

/* -- an epoch -- */

static void write_csv(const struct training *t, const struct rnf_epoch *h)
{
	FILE *f = t->csv;
	fprintf(f, "%lld,%lld,%.3f", (long long)h->epoch, (long long)h->step, h->time_s);
	put(f, NULL, h->lr);
	put(f, NULL, h->train_loss);
	put(f, NULL, h->train_data_loss);
	put(f, NULL, h->train_accuracy);
	if (t->e->n_val > 0) {
		put(f, NULL, h->val_loss);
		put(f, NULL, h->val_accuracy);
	} else {
		fputs(",,", f);
	}
	put(f, NULL, h->images_per_s);
	fprintf(f, ",%lld\n", (long long)h->peak_rss_bytes);
}

static rnf_status end_epoch(struct training *t)
{
	struct rnf_experiment *e = t->e;
	struct rnf_epoch *h = &t->history[t->run.n_history++];
	/* an epoch of bad steps alone has no means */
	const double n = t->epoch.images > 0 ? (double)t->epoch.images : NAN;
	*h = (struct rnf_epoch){
		.epoch = t->run.epoch, .step = t->run.step, .lr = t->run.lr,
		.train_loss = t->epoch.loss / n,
		.train_data_loss = t->epoch.data_loss / n,
		.train_accuracy = t->epoch.accuracy / n,
		.val_loss = NAN, .val_accuracy = NAN,
		.images_per_s = (double)t->epoch.images / t->epoch.seconds,
		.peak_rss_bytes = rnf_machine_peak_memory() };
	if (e->n_val > 0) {
		struct rnf_scores s;
		RNF_TRY(rnf_evaluate(e, RNF_SPLIT_TRAIN, e->val, e->n_val, NULL, &s));
		h->val_loss = s.loss + rnf_l2_term(e);
		h->val_accuracy = s.accuracy;
	}
	h->time_s = rnf_now() - t->start;
	write_csv(t, h);
	t->epoch = (struct running){ 0 };
	e->n_history = t->run.n_history;
	return tell(t, RNF_EVENT_EPOCH);
}

static rnf_status epoch(struct training *t)
{
	struct rnf_experiment *e = t->e;
	const int64_t batch = e->conf.train.batch_size;
	rnf_training_order(e, t->run.epoch, t->order);
	rnf_numerics_begin_epoch(e);
	for (int64_t from = 0; from < e->n_train; from += batch) {
		const int64_t left = e->n_train - from;
		if (t->run.step == t->run.steps) break;
		t->run.step++;
		step(t, t->order + from, left < batch ? left : batch);
		log_step(t);
		RNF_TRY(rnf_numerics_step(&t->step, &t->run));
		RNF_TRY(tell(t, RNF_EVENT_STEP));
	}
	RNF_TRY(rnf_numerics_end_epoch(e, &t->run));
	return end_epoch(t);
}

/* -- a run -- */

/* By lines, so that a run that is stopped leaves whole ones. */
static rnf_status open_log(const char *path, FILE **f)
{
	RNF_TRY(rnf_file_create(path, f));
	setvbuf(*f, NULL, _IOLBF, 0);
	return RNF_OK;
}

static rnf_status open_logs(struct training *t)
{
	t->log_path = rnf_format("%s/steps.jsonl", t->run.dir);
	t->csv_path = rnf_format("%s/epochs.csv", t->run.dir);
	RNF_TRY(open_log(t->log_path, &t->log));
	RNF_TRY(open_log(t->csv_path, &t->csv));
	if (t->user_log) setvbuf(t->user_log, NULL, _IOLBF, 0);
	fputs("epoch,step,time_s,lr,train_loss,train_data_loss,train_accuracy,"
	      "val_loss,val_accuracy,images_per_s,peak_rss_bytes\n", t->csv);
	return RNF_OK;
}

/* What could not be written is a failure, unless there is one already. */
static rnf_status close_logs(struct training *t, rnf_status status)
{
	FILE *const files[] = { t->log, t->csv };
	const char *const paths[] = { t->log_path, t->csv_path };
	for (int i = 0; i < 2; i++)
		if (files[i]) status = rnf_file_close(paths[i], files[i], status);
	return status;
}

static void close_callbacks(struct training *t)
{
	for (size_t i = 0; t->callbacks && i < t->e->conf.train.callbacks.n; i++)
		if (callback(t, i)->close) callback(t, i)->close(t->callbacks[i]);
}

static void init(struct training *t, struct rnf_experiment *e, const char *dir,
		 FILE *log)
{
	const int64_t epochs = e->conf.train.epochs;
	t->e = e;
	t->user_log = log;
	t->run = rnf_training_run(e);
	t->run.dir = dir;
	t->run.save = save;
	rnf_training_step_init(&t->step, e);
	t->history = rnf_alloc((size_t)(epochs + 1) * sizeof *t->history);
	t->run.history = e->history = t->history;
	t->order = rnf_alloc((size_t)(e->n_train + 1) * sizeof *t->order);
	t->start = rnf_now();
}

static rnf_status run(struct training *t)
{
	RNF_TRY(open_logs(t));
	RNF_TRY(open_callbacks(t));
	RNF_TRY(tell(t, RNF_EVENT_BEGIN));
	while (t->run.step < t->run.steps) {
		t->run.epoch++;
		RNF_TRY(epoch(t));
	}
	rnf_numerics_end(t->e, &t->run);
	return tell(t, RNF_EVENT_END);
}

rnf_status rnf_train(struct rnf_experiment *e, const char *dir, FILE *log)
{
	struct training *t = rnf_alloc(sizeof *t);
	init(t, e, dir, log);
	const rnf_status status = run(t);
	close_callbacks(t);
	RNF_TRY(close_logs(t, status));
	return rnf_weights_write(e, rnf_format("%s/model%s", dir, rnf_native_suffix()),
				 0, (const struct rnf_text[]){
					 { "rnframe.name", e->conf.name },
					 { "rnframe.version", RNF_VERSION } }, 2);
}
