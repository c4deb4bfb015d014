/* What run.json says about a run so far, for a resume and for a replay. record.c writes
 * it. [main] */
#ifndef RNF_RUN_PAST_H
#define RNF_RUN_PAST_H

#include <jansson.h>

#include "train/setup.h"

struct rnf_past {
	const char *state;        /* "" when missing, like all texts here */
	const char *started;      /* UTC, so that alphabetical order is order in time */
	const char *weights;      /* the file that the run started from; NULL: none */
	const char *digest;       /* its digest then; NULL: missing */
	int64_t step, epochs;     /* last step made, last planned; 0: missing */
	int64_t first_epochs;     /* planned at the start; 0: missing */
	struct rnf_went_on {
		int64_t step, epochs; /* from which step, for how many epochs in total */
	} *went_on;
	size_t n_went_on;
};

/* Where runs and studies without --out have their folders: runs/NAME. */
const char *rnf_past_folder(const char *name);
/* `run` may be NULL or anything: fields that it lacks stay empty. */
struct rnf_past rnf_past_of(const json_t *run);
/* Does the folder hold a run? */
int rnf_past_is_there(const char *dir);
/* Read DIR/run.json; an unreadable one counts as that of an interrupted run. */
struct rnf_past rnf_past_read(const char *dir);
/* Epochs planned when the step was made, on which the rate may depend; 0: missing. */
int64_t rnf_past_epochs(const struct rnf_past *past, int64_t step);
/* Load the weights that the run started from into e, if they came from a file: RNF_ENOENT
 * when that file is gone or has changed. */
rnf_status rnf_past_weights(const struct rnf_past *past, struct rnf_experiment *e);
/* The text that identifies a file of weights. */
rnf_status rnf_past_digest(const char *path, const char **words);

#endif
