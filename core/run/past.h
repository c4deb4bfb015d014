/* What run.json tells of a run so far: to who goes on with it, and to who makes its
 * steps again. record.c writes it. [main] */
#ifndef RNF_RUN_PAST_H
#define RNF_RUN_PAST_H

#include <jansson.h>

#include "train/setup.h"

struct rnf_past {
	const char *state;        /* "" when it is not told, as all words here */
	const char *started;      /* UTC, so that the order of words is that of time */
	const char *weights;      /* the file that the run started from; NULL: none */
	const char *digest;       /* of that file then; NULL: not told */
	int64_t step, epochs;     /* made last, planned last; 0: not told */
	int64_t first_epochs;     /* planned at the start; 0: not told */
	struct rnf_went_on {
		int64_t step, epochs; /* from which step, for how many epochs in all */
	} *went_on;
	size_t n_went_on;
};

/* `run` may be NULL or anything: what it does not tell stays empty. */
struct rnf_past rnf_past_of(const json_t *run);
/* Does the folder hold a run? */
int rnf_past_is_there(const char *dir);
/* DIR/run.json; one that cannot be read is that of a run that was cut off. */
struct rnf_past rnf_past_read(const char *dir);
/* Epochs that were planned when the step was made, which the rate may depend on;
 * 0: not told. */
int64_t rnf_past_epochs(const struct rnf_past *past, int64_t step);
/* The weights that the run started from into e, when it took them from a file:
 * RNF_ENOENT when that is not there any more or is another one by now. */
rnf_status rnf_past_weights(const struct rnf_past *past, struct rnf_experiment *e);
/* The words by which a file of weights is known again. */
rnf_status rnf_past_digest(const char *path, const char **words);

#endif
