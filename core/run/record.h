/* What a run leaves about itself: its folder, conf.cfg, which runs as it is, and
 * run.json, which says what was run, where, and what came of it. [main] */
#ifndef RNF_RUN_RECORD_H
#define RNF_RUN_RECORD_H

#include "base/lock.h"
#include "train/setup.h"

struct rnf_record {
	const struct rnf_experiment *e;
	const char *dir;     /* NULL: runs/NAME/DATE_TIMEZ-sSEED-HASH4, in UTC */
	const char *weights; /* the file that it starts from, or NULL */
	int argc;            /* the command line, without any change */
	char **argv;
	int goes_on;         /* the folder may hold a run: it is the one that goes on */
	int64_t from;        /* its step then */
	struct rnf_lock lock;
	/* what run.json keeps when a run goes on */
	const char *started, *weights_digest;
	int64_t first_epochs;   /* planned at the start, 0: not known */
	struct json_t *resumed; /* when, from which step, for how many epochs in all */
};

/* Make the folder, fill in `dir`, and lock it. Fails when the folder holds another
 * run, or is in use. */
rnf_status rnf_record_take(struct rnf_record *r);
/* Write run.json, the state being "running", then conf.cfg; the folder is taken. (In
 * this order, so that no conf.cfg without a run.json is a run's.) */
rnf_status rnf_record_begin(struct rnf_record *r);
/* Write run.json anew: "finished", "stopped" when `status` is RNF_ESTOPPED, "failed" when it
 * is bad, with the words of it; and the scores of the test images, where there are some.
 * Returns `status`, or what went wrong in writing. */
rnf_status rnf_record_end(const struct rnf_record *r, rnf_status status,
			  const struct rnf_scores *test);
/* Leave the folder to others. */
void rnf_record_release(struct rnf_record *r);

/* Scores as `eval --json` gives them too: error (%), the ends of its 95 % interval
 * error_low and error_high, cross_entropy accuracy count images_per_s, and the other
 * metrics by their names. */
rnf_status rnf_scores_write(const struct rnf_experiment *e,
			    const struct rnf_scores *s, const char *path);
/* The same for a reader, in one line. */
void rnf_scores_print(const struct rnf_experiment *e, const struct rnf_scores *s,
		      FILE *out);

#endif
