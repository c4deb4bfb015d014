/* The logs of a run by step and by epoch: steps.jsonl, epochs.csv, and the file of --log.
 * [main] */
#ifndef RNF_RUN_LOG_H
#define RNF_RUN_LOG_H

#include <rnframe/callback.h>
#include "base/lines.h"

/* Names in the run folder. */
#define RNF_LOG_STEPS "steps.jsonl"
#define RNF_LOG_EPOCHS "epochs.csv"

struct rnf_train_log {
	struct rnf_lines steps, epochs, user;
};

/* Before anything is written: the user's file must be a log of steps if it exists, and
 * not that of the run folder `dir` (NULL: a new one). */
rnf_status rnf_train_log_check(const char *user, const char *dir);
/* Create the logs in `dir`, and at `user` unless that is NULL. */
rnf_status rnf_train_log_create(struct rnf_train_log *log, const char *dir,
				const char *user);
/* Open the logs of a run that resumes after these steps and whole epochs, and truncate
 * what they say of later ones. */
rnf_status rnf_train_log_resume(struct rnf_train_log *log, const char *dir,
				const char *user, int64_t steps, int64_t epochs);
void rnf_train_log_step(struct rnf_train_log *log, const struct rnf_run *run);
void rnf_train_log_epoch(struct rnf_train_log *log, const struct rnf_epoch *epoch);
/* Sync the logs, so that a checkpoint is never ahead of them. */
void rnf_train_log_sync(struct rnf_train_log *log);
/* Close; lost lines are a failure, unless `status` is one already. */
rnf_status rnf_train_log_close(struct rnf_train_log *log, rnf_status status);

#endif
