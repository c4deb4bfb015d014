/* What a run writes about itself: its folder, conf.cfg, which runs as it is, and
 * run.json, which says what was run, where, and with which result. [main] */
#ifndef RNF_RUN_RECORD_H
#define RNF_RUN_RECORD_H

#include "base/lock.h"
#include "train/eval.h"

struct rnf_record {
	const struct rnf_experiment *e;
	const char *dir;     /* NULL: runs/NAME/DATE_TIMEZ-sSEED-HASH4, in UTC */
	const char *weights; /* the file of initial weights, or NULL */
	int argc;            /* the command line, unchanged */
	char **argv;
	int goes_on;         /* the folder may hold a run: the one to resume */
	int64_t from;        /* its step then */
	struct rnf_lock lock;
	/* parts of run.json that a resume keeps */
	const char *started, *weights_digest;
	int64_t first_epochs;   /* planned at the start; 0: unknown */
	struct json_t *resumed; /* when, from which step, for how many epochs in total */
};

/* What take() would refuse, as far as it can be known without a lock: RNF_EINVAL if the folder
 * holds a run, unless that goes on, RNF_EIO if it cannot be made or written. Asked before images
 * are decoded, which may take minutes; it makes nothing. */
rnf_status rnf_record_probe(const struct rnf_record *r);
/* Make the folder, set `dir`, and lock it. Fails when the folder holds another run or is
 * in use. */
rnf_status rnf_record_take(struct rnf_record *r);
/* Write run.json with state "running", then conf.cfg: the folder belongs to the run. (In
 * this order, so that no run has a conf.cfg without a run.json.) */
rnf_status rnf_record_begin(struct rnf_record *r);
/* Rewrite run.json: "finished"; "stopped" when `status` is RNF_ESTOPPED; "failed" with
 * the message when it is bad; and the scores on the test images, if any. Return `status`,
 * or the failure to write. */
rnf_status rnf_record_end(const struct rnf_record *r, rnf_status status,
			  const struct rnf_scores *test);
/* Unlock the folder. */
void rnf_record_release(struct rnf_record *r);

/* Scores as in `eval --json`: error (%), its 95 % interval error_low and error_high,
 * cross_entropy, accuracy, count, images_per_s, and the other metrics by name. */
rnf_status rnf_scores_write(const struct rnf_config *c, const struct rnf_scores *s,
			    const char *path);
/* The same for a reader, in one line. */
void rnf_scores_print(const struct rnf_config *c, const struct rnf_scores *s, FILE *out);

#endif
