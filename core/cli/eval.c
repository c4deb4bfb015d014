#include <rnframe/npy.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/status.h"
#include "cli/cli.h"
#include "cli/samples.h"
#include "run/subject.h"
#include "run/record.h"
#include "run/report.h"

static rnf_status write_npy(const char *path, const float *data, int64_t rows,
			    int64_t columns)
{
	char header[RNF_NPY_HEADER];
	FILE *f;
	rnf_npy_header(header, 2, (const int64_t[]){ rows, columns });
	RNF_TRY(rnf_file_create(path, &f));
	fwrite(header, 1, sizeof header, f);
	fwrite(data, sizeof *data, (size_t)(rows * columns), f);
	return rnf_file_close(path, f, RNF_OK);
}

/* CONF --weights FILE, or a model alone, which has its conf with it. */
static struct rnf_subject subject_of(const struct rnf_options *o)
{
	struct rnf_subject s = { .model = o->conf, .sets = o->sets, .n_sets = o->n_sets };
	if (!o->weights) return s;
	if (o->conf) s.file.path = o->weights;
	else s.model = o->weights;
	s.conf = o->conf;
	return s;
}

static rnf_status evaluate(struct rnf_experiment *e, struct rnf_subject *subject,
			   const struct rnf_options *o)
{
	struct rnf_scores s;
	struct rnf_samples samples;
	RNF_TRY(rnf_outputs_check(o));
	RNF_TRY(rnf_output_folder("--report", o->report));
	RNF_TRY(rnf_subject_data(e, subject));
	RNF_TRY(rnf_samples_choose(&e->data, o->split, &samples));
	const int64_t n = samples.n;
	RNF_TRY(rnf_subject_build(e, subject));
	float *probs = o->probs ? rnf_alloc((size_t)(n * e->data.info.classes) * sizeof(float)) : NULL;
	struct rnf_tally tally;
	rnf_tally_init(&tally, e->data.info.classes);
	if (o->report) rnf_tally_keep(&tally, n);
	const struct rnf_answers keep = { probs, &tally };
	RNF_TRY(rnf_evaluate(e, samples.split, samples.at, n, &keep, &s));
	rnf_scores_print(&e->conf, &s, stdout);
	if (o->json) RNF_TRY(rnf_scores_write(&e->conf, &s, o->json));
	if (probs) RNF_TRY(write_npy(o->probs, probs, n, e->data.info.classes));
	if (!o->report) return RNF_OK;
	return rnf_report_write(&e->conf, &e->data.info, &tally, samples.name, o->report);
}

rnf_status rnf_verb_eval(const struct rnf_options *o)
{
	struct rnf_experiment *e = rnf_alloc(sizeof *e);
	if (!o->conf && !o->weights)
		return rnf_fail(RNF_EINVAL, "eval needs a run folder, a file of weights with a conf "
				"inside, or a conf and --weights FILE");
	struct rnf_subject subject = subject_of(o);
	const rnf_status status = evaluate(e, &subject, o);
	rnf_loaded_drop(&subject.file);
	rnf_experiment_finish(e); /* as in train */
	return status;
}
