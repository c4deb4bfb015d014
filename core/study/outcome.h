/* What a run folder says of its run, out of run.json alone. [main] */
#ifndef RNF_STUDY_OUTCOME_H
#define RNF_STUDY_OUTCOME_H

#include <jansson.h>
#include <rnframe/abi.h>

enum rnf_run_state {
	RNF_RUN_NONE, /* nothing is there */
	RNF_RUN_RUNNING, RNF_RUN_BROKEN, /* says that it runs: it does, or it was killed */
	RNF_RUN_STOPPED, RNF_RUN_FAILED, RNF_RUN_FINISHED,
};
extern const char *const rnf_run_states[];

struct rnf_outcome {
	const char *dir;
	enum rnf_run_state state;
	int exit_status;      /* -1: not told */
	char name[256], started[32], cpu[128], kernels[128];
	int64_t threads, seed, parameters, step, steps, epoch, epochs;
	double error, low, high; /* test, last epoch, %; NAN: none */
	double cross_entropy;
	int64_t images;          /* that were tested */
	double seconds, images_per_s; /* of training; of the last epoch */
	double peak_bytes;
};

/* A folder without a run is NONE; a run.json that cannot be used says so in a warning. */
void rnf_outcome_read(struct rnf_outcome *outcome, const char *dir);
/* The same of the JSON of a run that is known to live, or not. */
void rnf_outcome_of(struct rnf_outcome *outcome, const json_t *run, int alive);
/* Did it end with an error that is a number? */
int rnf_outcome_counts(const struct rnf_outcome *outcome);
/* Did its numbers go wrong? The same run would do the same again. */
int rnf_outcome_diverged(const struct rnf_outcome *outcome);

#endif
