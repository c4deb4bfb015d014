/* A step of training, for the loop and for who measures it. [main] */
#ifndef RNF_TRAIN_STEP_H
#define RNF_TRAIN_STEP_H

#include "train/setup.h"

/* What all steps of a run share. */
struct rnf_training_step {
	struct rnf_experiment *e;
	float *target;     /* [batch][classes] */
	uint64_t *samples; /* [batch]: keys of random ops */
};
void rnf_training_step_init(struct rnf_training_step *s, struct rnf_experiment *e);

/* The run before its first step: its length by the conf, no folder. */
struct rnf_run rnf_training_run(const struct rnf_experiment *e);
/* order[n_train]: the training images as this epoch takes them. */
void rnf_training_order(const struct rnf_experiment *e, int64_t epoch, int64_t *order);

/* The rate of run->step when run->epochs are planned. */
double rnf_training_rate(const struct rnf_experiment *e, const struct rnf_run *run);

struct rnf_step_seconds {
	double input, whole; /* images read and augmented; all of the step */
};
/* The training images ids[0 .. n-1] at run->step of run->epoch: sets the run's
 * lr, losses, accuracy and images_per_s, changes the weights. `fresh` 0: on the
 * images of the step before, which lie there ready. Nothing is allocated. */
struct rnf_step_seconds rnf_training_step(const struct rnf_training_step *s,
					  struct rnf_run *run, const int64_t *ids,
					  int64_t n, int fresh);

#endif
