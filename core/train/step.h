/* A training step, for the loop and for measurements. [main] */
#ifndef RNF_TRAIN_STEP_H
#define RNF_TRAIN_STEP_H

#include "train/setup.h"

/* What was not finite in a step, which then changes no weight and no statistic. */
enum rnf_fault {
	RNF_FAULT_NONE, RNF_FAULT_LOSS, RNF_FAULT_GRADIENT,
	RNF_FAULT_STATISTICS, /* the mean or variance of a batch */
};

/* State that all steps of a run share, and results of the last one. */
struct rnf_training_step {
	struct rnf_experiment *e;
	float *target;     /* [batch][classes] */
	uint64_t *samples; /* [batch]: keys of random ops */
	double *squares;   /* [weights]: sums of the squared gradient */
	double rate;       /* above 0: in place of the scheduler's */
	enum rnf_fault fault;
	const char *doing;   /* what runs, or ran last */
	const char *strayed; /* who left another float mode; NULL: nobody */
	const char *broken;  /* message about an image that was not read, or a contract that a
			      * plugin broke; NULL: none */
	rnf_status broken_as;
};
#define RNF_DOING_MODEL "the model"
void rnf_training_step_init(struct rnf_training_step *s, struct rnf_experiment *e);

/* The run before its first step: its length by the conf, no folder. */
struct rnf_run rnf_training_run(const struct rnf_experiment *e);
/* order[n_train]: the training images as this epoch takes them. */
void rnf_training_order(const struct rnf_config *c, const struct rnf_dataset *d, int64_t epoch,
			int64_t *order);
/* The samples of the epoch's step after `position` others: a part of the order, [*n]. */
const int64_t *rnf_training_images(const struct rnf_config *c, const struct rnf_dataset *d,
				   const int64_t *order, int64_t position, int64_t *n);

/* The optimizer's own rate, its key "lr"; 1 if it has none. */
double rnf_training_base_rate(const struct rnf_config *c);
/* The rate of run->step when run->epochs are planned. */
double rnf_training_rate(const struct rnf_config *c, const struct rnf_run *run);

struct rnf_step_seconds {
	double input, whole; /* reading and augmenting images; the whole step */
};
/* Train on the images ids[0 .. n-1] at run->step of run->epoch: sets the run's lr,
 * losses, grad_norm, accuracy and images_per_s and the step's fault; changes the weights
 * unless there is a fault or a breach. `fresh` 0: on the images of the step before, which
 * are still in place. Nothing is allocated. */
struct rnf_step_seconds rnf_training_step(struct rnf_training_step *s,
					  struct rnf_run *run, const int64_t *ids,
					  int64_t n, int fresh);

#endif
