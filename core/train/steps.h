/* The steps of a run, one after another: which images each takes, and what belongs to an
 * epoch's beginning and end. The loop, a replay and measurements all walk by it. [main] */
#ifndef RNF_TRAIN_STEPS_H
#define RNF_TRAIN_STEPS_H

#include "train/step.h"

struct rnf_steps {
	struct rnf_run run; /* first: what callbacks see */
	struct rnf_training_step step;
	int64_t *order;    /* [n_train], of the epoch under way */
	int64_t position;  /* steps of that epoch that are made */
};

/* Before the first step of a run of the conf's length. */
void rnf_steps_init(struct rnf_steps *s, struct rnf_experiment *e);
/* As after `epochs` whole epochs and `position` steps of the next, `step` in all: the epoch
 * is to be begun. */
void rnf_steps_seek(struct rnf_steps *s, int64_t epochs, int64_t position, int64_t step);
/* Begin the next epoch, or go on in it at a position above 0. */
void rnf_steps_epoch(struct rnf_steps *s);
/* Is there another step in it? */
int rnf_steps_left(const struct rnf_steps *s);
/* Make it, on *n images: run and step have what it came to. `fresh` as rnf_training_step(). */
struct rnf_step_seconds rnf_steps_next(struct rnf_steps *s, int fresh, int64_t *n);
/* End the epoch: its last update may have been too large. (numerics.h) */
rnf_status rnf_steps_end(struct rnf_steps *s);

#endif
