/* The outcome of a run, read from run.json alone. [main] */
#ifndef RNF_STUDY_OUTCOME_H
#define RNF_STUDY_OUTCOME_H

#include <jansson.h>
#include <rnframe/abi.h>

enum rnf_run_state {
	RNF_RUN_NONE, /* there is no run */
	RNF_RUN_RUNNING, RNF_RUN_BROKEN, /* run.json says running: it is alive, or it was killed */
	RNF_RUN_STOPPED, RNF_RUN_FAILED, RNF_RUN_FINISHED,
};
extern const char *const rnf_run_states[];

struct rnf_outcome {
	const char *dir;
	enum rnf_run_state state;
	int exit_status;      /* -1: unknown */
	char name[256], started[32], cpu[128], kernels[128];
	int64_t threads, seed, parameters, step, steps, epoch, epochs;
	double error, low, high; /* test error of the last epoch, %; NAN: none */
	double cross_entropy;
	int64_t images;          /* images tested */
	double seconds, images_per_s; /* of training; of the last epoch */
	double peak_bytes;
};

/* A folder without a run is NONE; a run.json that cannot be used gives a warning. */
void rnf_outcome_read(struct rnf_outcome *outcome, const char *dir);
/* The same from the JSON of a run that is known to be alive, or not. */
void rnf_outcome_of(struct rnf_outcome *outcome, const json_t *run, int alive);
/* Did it end with a numeric error? */
int rnf_outcome_counts(const struct rnf_outcome *outcome);
/* Did it end with non-finite numbers? The same run would fail again. */
int rnf_outcome_diverged(const struct rnf_outcome *outcome);

#endif
