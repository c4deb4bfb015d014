#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/signal.h"
#include "base/status.h"
#include "cli/cli.h"
#include "run/log.h"
#include "run/loop.h"
#include "run/record.h"
#include "run/report.h"
#include "run/resume.h"
#include "train/step.h"

/* Approximate length of a line in steps.jsonl, and of one in epochs.csv. */
enum { LOG_LINE_BYTES = 200, EPOCHS_MAX = 1000000 };

struct command {
	const struct rnf_options *o;
	struct rnf_experiment *e;
	struct rnf_resume resume;
	struct rnf_record record;
	struct rnf_checkpoints checkpoints;
	struct rnf_tally tally; /* of the test images */
};

static rnf_status check_extend(const struct rnf_options *o, int64_t *more)
{
	RNF_TRY(rnf_options_number("--extend", o->extend, 0, EPOCHS_MAX, more));
	if (o->extend && !o->resume)
		return rnf_fail(RNF_EINVAL, "--extend goes with --resume: the run that is "
				"to be longer");
	return RNF_OK;
}

/* As if the conf had that many more epochs than the run has by now. */
static rnf_status extend(struct command *s, int64_t more)
{
	struct rnf_experiment *e = s->e;
	int64_t *epochs = &e->conf.root.train.epochs;
	const int64_t past = s->resume.past.epochs, now = past > 0 ? past : *epochs;
	if (more == 0) return RNF_OK;
	if (now > EPOCHS_MAX - more)
		return rnf_fail(RNF_EINVAL, "--extend is %lld, the run has %lld epochs, the most "
				"are %d", (long long)more, (long long)now, EPOCHS_MAX);
	*epochs = now + more;
	return rnf_conf_override(e->conf.tree, rnf_format("train.epochs=%lld", (long long)*epochs),
				 "--extend", 0);
}

/* Which run to resume, and how long it will be. */
static rnf_status find_run(struct command *s)
{
	const struct rnf_options *o = s->o;
	int64_t more;
	RNF_TRY(check_extend(o, &more));
	if (o->resume)
		RNF_TRY(rnf_resume_find(&s->resume, s->e, o->resume, s->record.dir, more > 0));
	return extend(s, more);
}

/* What can be known before images are decoded. */
static rnf_status probe(struct command *s)
{
	const struct rnf_options *o = s->o;
	struct rnf_experiment *e = s->e;
	RNF_TRY(rnf_outputs_check(o));
	RNF_TRY(rnf_config_read(&e->conf, o->conf, o->sets, o->n_sets));
	s->record = (struct rnf_record){
		.e = e, .dir = o->out ? o->out : e->conf.root.out,
		.weights = o->weights, .argc = o->argc, .argv = o->argv,
		.goes_on = o->resume != NULL };
	return rnf_record_probe(&s->record);
}

static rnf_status prepare(struct command *s)
{
	const struct rnf_options *o = s->o;
	struct rnf_experiment *e = s->e;
	RNF_TRY(probe(s));
	RNF_TRY(rnf_experiment_data(e));
	RNF_TRY(find_run(s));
	if (s->resume.finished) return RNF_OK;
	if (!o->weights && !s->resume.dir) s->record.weights = e->conf.root.train.init.weights;
	RNF_TRY(rnf_train_log_check(o->log, s->resume.dir ? s->resume.dir : s->record.dir));
	RNF_TRY(rnf_experiment_build(e, 1));
	RNF_TRY(rnf_weights_fit(&e->session.tensors));
	/* a run that goes on has its weights, unless it must begin again (resume.c) */
	if (o->weights || !s->resume.dir) RNF_TRY(rnf_experiment_weights(e, o->weights));
	rnf_checkpoints_init(&s->checkpoints, e);
	RNF_TRY(rnf_resume_read(&s->resume, e, &s->checkpoints));
	return rnf_signal_check("before the first step: nothing was saved");
}

/* How a longer run changes the learning rates. */
static void say_schedule(const struct command *s)
{
	const struct rnf_saved *from = s->resume.found;
	const int64_t then = from ? from->progress.epochs : 0;
	struct rnf_run run = rnf_training_run(s->e), old = run;
	if (then == run.epochs || then < 1) return;
	old.epochs = then;
	run.step = old.step = from->progress.step + 1;
	printf("schedule %lld epochs, not %lld: the rate of step %lld is %g (planned: %g)",
	       (long long)run.epochs, (long long)then, (long long)run.step,
	       rnf_training_rate(&s->e->conf, &run), rnf_training_rate(&s->e->conf, &old));
	run.step = run.steps;
	printf(", of the last one, %lld, %g\n", (long long)run.step,
	       rnf_training_rate(&s->e->conf, &run));
	fflush(stdout);
}

static int64_t log_bytes(const struct rnf_experiment *e)
{
	const struct rnf_run run = rnf_training_run(e);
	return (run.steps + run.epochs) * LOG_LINE_BYTES;
}

/* The folder is ours. Nothing in it changes before this succeeds. */
static rnf_status open_run(struct command *s)
{
	s->checkpoints.dir = s->record.dir;
	RNF_TRY(rnf_checkpoints_probe(&s->checkpoints, log_bytes(s->e)));
	if (s->resume.dir) {
		RNF_TRY(rnf_resume_load(&s->resume, s->e, &s->checkpoints,
					s->o->weights != NULL));
		say_schedule(s);
	}
	if (s->resume.found) s->record.from = s->e->session.step = s->resume.found->progress.step;
	return rnf_record_begin(&s->record);
}

/* Everything is saved, and a resume would fail in the same way. */
static rnf_status check_numbers(const struct rnf_experiment *e, const struct rnf_scores *test)
{
	const int64_t n = e->session.n_history;
	const struct rnf_epoch *last = n > 0 ? &e->session.history[n - 1] : NULL;
	const char *whose = last && e->data.n_val > 0 && !isfinite(last->val_loss)
		? "of the last validation"
		: !isfinite(test->loss) ? "on the test images" : NULL;
	if (!whose) return RNF_OK;
	return rnf_fail(RNF_ENUMBER, "the loss %s is not finite; all files of the run are "
			"written, a lower train.optimizer.lr may help", whose);
}

/* A run is finished once its report is written. */
static rnf_status run(struct command *s, struct rnf_scores *test)
{
	struct rnf_experiment *e = s->e;
	const struct rnf_saved *from = s->resume.found;
	RNF_TRY(rnf_train(e, &s->checkpoints, from ? &from->progress : NULL, s->o->log));
	const struct rnf_answers keep = { .tally = &s->tally };
	RNF_TRY(rnf_evaluate(e, RNF_SPLIT_TEST, NULL, e->data.info.images[RNF_SPLIT_TEST], &keep,
			     test));
	printf("test ");
	rnf_scores_print(&e->conf, test, stdout);
	fflush(stdout);
	RNF_TRY(rnf_report_write(&e->conf, &e->data.info, &s->tally, "test", s->record.dir));
	return check_numbers(e, test);
}

static rnf_status train_in_folder(struct command *s)
{
	struct rnf_scores test = { 0 };
	RNF_TRY(open_run(s));
	rnf_tally_init(&s->tally, s->e->data.info.classes);
	rnf_tally_keep(&s->tally, s->e->data.info.images[RNF_SPLIT_TEST]);
	const rnf_status status = run(s, &test);
	RNF_TRY(rnf_record_end(&s->record, status, &test));
	printf("run folder %s\n", s->record.dir);
	return RNF_OK;
}

static rnf_status train(struct command *s)
{
	RNF_TRY(prepare(s));
	if (s->resume.finished) {
		printf("%s is finished at step %lld: nothing to do (--extend N trains N "
		       "epochs more)\n", s->resume.dir, (long long)s->resume.past.step);
		return RNF_OK;
	}
	if (s->resume.dir) s->record.dir = s->resume.dir;
	s->record.goes_on = s->resume.dir != NULL;
	RNF_TRY(rnf_record_take(&s->record));
	const rnf_status status = train_in_folder(s);
	rnf_record_release(&s->record);
	return status;
}

/* Whatever happens, the threads end before the memory that they use. */
rnf_status rnf_verb_train(const struct rnf_options *o)
{
	struct command *s = rnf_alloc(sizeof *s);
	s->o = o;
	s->e = rnf_alloc(sizeof *s->e);
	if (!o->conf) return rnf_fail(RNF_EINVAL, "train needs a conf");
	const rnf_status status = train(s);
	rnf_experiment_finish(s->e);
	return status;
}
