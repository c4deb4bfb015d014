#include <stdio.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/status.h"
#include "cli/cli.h"
#include "train/record.h"
#include "train/report.h"

static rnf_status prepare(struct rnf_experiment *e, const struct rnf_options *o)
{
	RNF_TRY(rnf_experiment_open(e, o->conf, o->sets, o->n_sets));
	RNF_TRY(rnf_experiment_build(e, 1));
	return o->weights ? rnf_weights_read(e, o->weights) : RNF_OK;
}

/* A log that cannot be opened or written is the run's failure. */
static rnf_status run(struct rnf_experiment *e, const char *dir, const char *path,
		      struct rnf_tally *tally, struct rnf_scores *test)
{
	FILE *log = NULL;
	if (path) RNF_TRY(rnf_file_create(path, &log));
	const rnf_status status = rnf_train(e, dir, log);
	RNF_TRY(log ? rnf_file_close(path, log, status) : status);
	const struct rnf_answers keep = { .tally = tally };
	return rnf_evaluate(e, RNF_SPLIT_TEST, NULL,
			    e->info.images[RNF_SPLIT_TEST], &keep, test);
}

static rnf_status train(struct rnf_experiment *e, const struct rnf_options *o)
{
	struct rnf_scores test;
	struct rnf_tally tally;
	RNF_TRY(prepare(e, o));
	rnf_tally_init(&tally, e->info.classes);
	struct rnf_record record = {
		.e = e, .dir = o->out ? o->out : e->conf.out,
		.weights = o->weights, .argc = o->argc, .argv = o->argv };
	RNF_TRY(rnf_record_begin(&record));
	const rnf_status status = run(e, record.dir, o->log, &tally, &test);
	RNF_TRY(rnf_record_end(&record, status, &test));
	printf("test ");
	rnf_scores_print(e, &test, stdout);
	printf("run folder %s\n", record.dir);
	return rnf_report_write(e, &tally, "test", record.dir);
}

/* However it ends, the threads end before the memory that they look at. */
rnf_status rnf_verb_train(const struct rnf_options *o)
{
	struct rnf_experiment *e = rnf_alloc(sizeof *e);
	if (!o->conf) return rnf_fail(RNF_EINVAL, "train needs a conf");
	const rnf_status status = train(e, o);
	rnf_experiment_finish(e);
	return status;
}
