/* Times a few steps of an experiment: what a step takes, with its input and without, and
 * where the time of all threads goes. [main] */
#ifndef RNF_TRAIN_MEASURE_H
#define RNF_TRAIN_MEASURE_H

#include "exec/times.h"
#include "train/setup.h"

struct rnf_measurement {
	int training;
	int64_t steps;         /* steps of each kind that were measured */
	int64_t images;        /* of a step */
	double peak;           /* operations a second of one thread; 0: unknown */
	double first_step_s;   /* from the start of the process to its end; or NAN */
	int64_t peak_memory;   /* bytes, resident */
	double seconds[2];     /* medians: the full step; on images that are ready */
	double timed_seconds;  /* mean of the full steps with timers on */
	double core_seconds;   /* of these, of all threads together: all the sums */
	double operations, bytes; /* of a step, as costs count them */
	struct rnf_cost_sums sums; /* of a step; kinds and layers, largest first */
};

/* After rnf_experiment_build(e, training): run two steps to warm up, then `steps` full
 * ones and as many on ready images in turn, then `steps` full ones with timers on. In
 * training they change the weights. */
void rnf_measure(struct rnf_experiment *e, int training, int64_t steps,
		 struct rnf_measurement *m);

#endif
