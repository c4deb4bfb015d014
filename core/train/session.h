/* What a training or an evaluation works on: threads, executors, the blocks of weights and
 * of the optimizer's state, and how far the run is. [main] */
#ifndef RNF_TRAIN_SESSION_H
#define RNF_TRAIN_SESSION_H

#include <rnframe/callback.h>
#include <rnframe/format.h>
#include "base/names.h"
#include "exec/exec.h"
#include "train/model.h"

/* Steps that were not finite: part of a run's position. */
struct rnf_numerics {
	int64_t bad;    /* in the whole run */
	int64_t recent; /* that count towards the limit (numerics.h) */
	int64_t epoch;  /* in this epoch */
};

/* What is saved: the model's weights, then the optimizer's state and the snapshot. */
struct rnf_tensors {
	struct rnf_named_tensor *at;
	size_t n, n_model; /* all; the model's */
	struct rnf_names names; /* each with its index */
};

struct rnf_session {
	struct rnf_threads *threads;
	struct rnf_exec *execs[2]; /* inference, training */
	int64_t block;  /* floats of each block; their layout is the weights' */
	float *weights; /* kept statistics included */
	float *slots[RNF_SLOTS_MAX]; /* optimizer state */
	/* weights, then slots, as they were at the beginning of the epoch; NULL unless
	 * numerics.on_nonfinite is "rollback" */
	float *snapshot[1 + RNF_SLOTS_MAX];
	struct rnf_tensors tensors;
	struct rnf_numerics numerics;
	/* the batch of an evaluation: ids[batch], target[batch][classes] */
	int64_t *eval_ids;
	float *eval_target;
	const struct rnf_epoch *history; /* the run's counts so far */
	int64_t n_history, step;
};

/* Bytes that create() takes with so many threads. */
double rnf_session_bytes(const struct rnf_config *c, const struct rnf_model *m, int training,
			 int threads);
/* Blocks and executors for the plans of a model, on s->threads. The blocks are 0. */
void rnf_session_create(struct rnf_session *s, const struct rnf_config *c,
			const struct rnf_model *m, int training);
/* A second session that infers with the weights of the first, on as many threads of its own:
 * the two may run at once. */
void rnf_session_twin(const struct rnf_session *s, const struct rnf_config *c,
		      const struct rnf_model *m, struct rnf_session *twin);
/* Go back to the values before step 1. */
rnf_status rnf_session_first_values(struct rnf_session *s, const struct rnf_config *c,
				    const struct rnf_model *m);

#endif
