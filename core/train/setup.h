/* An experiment: a conf, its data set, its model and the session that trains or evaluates
 * it. Each part has a header of its own; what needs one part takes that part. [main] */
#ifndef RNF_TRAIN_SETUP_H
#define RNF_TRAIN_SETUP_H

#include "train/config.h"
#include "train/dataset.h"
#include "train/model.h"
#include "train/session.h"

struct rnf_experiment {
	struct rnf_config conf;
	struct rnf_dataset data;
	struct rnf_model model;
	struct rnf_session session;
};

/* Get the model's input and classes; open the data set only when it cannot tell its sizes
 * without its files. */
rnf_status rnf_experiment_shapes(struct rnf_experiment *e);
/* Start threads, batcher and executors, draw the weights' first values; after plans. */
rnf_status rnf_experiment_start(struct rnf_experiment *e, int training);
/* After the start: a second session and batcher for inference, which may run beside the first.
 * `twin` is a copy of e that has a data set of its own. */
rnf_status rnf_experiment_twin(const struct rnf_experiment *e, struct rnf_experiment *twin);
/* Bytes that start() takes; after the plans, and with its threads. */
double rnf_experiment_bytes(const struct rnf_experiment *e, int training);
/* After the conf is read: find the data, which may decode all images, and the shapes. */
rnf_status rnf_experiment_data(struct rnf_experiment *e);
/* All of it in two calls: open() reads the conf, finds the data and the shapes; build()
 * plans inference, and training when wanted, and starts. */
rnf_status rnf_experiment_open(struct rnf_experiment *e, const char *path,
			       const char *const *overrides, size_t n);
rnf_status rnf_experiment_build(struct rnf_experiment *e, int training);
/* After build(): the values before step 1 that are not drawn, from this file or, NULL, from that
 * of train.init; layers that train.init.skip names stay as they are. */
rnf_status rnf_experiment_weights(struct rnf_experiment *e, const char *file);
/* After the conf is read: do all that precedes a run, including the first batch's images;
 * write nothing. (check.c) */
rnf_status rnf_experiment_check(struct rnf_experiment *e);
/* End the threads. */
void rnf_experiment_finish(struct rnf_experiment *e);

#endif
