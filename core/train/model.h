/* The model of a conf: its input and classes, the backend that computes it, its programs
 * and plans for inference and for training, its weights. [main] */
#ifndef RNF_TRAIN_MODEL_H
#define RNF_TRAIN_MODEL_H

#include <rnframe/data.h>
#include "graph/graph.h"
#include "plan/plan.h"
#include "train/config.h"

struct rnf_model {
	int64_t hwc[3], classes;
	int backend_chosen; /* and its precision */
	const struct rnf_feature *backend; /* NULL: the core's plain kernels */
	void *backend_self;
	/* Listed once, by the program that is built first; the other is checked against it. */
	struct rnf_weight_list weights;
	struct rnf_program *programs[2]; /* inference, training */
	struct rnf_plan *plans[2];
};

/* Get input and classes from the conf and the data set's sizes. */
rnf_status rnf_model_input(struct rnf_model *m, const struct rnf_config *c,
			   const struct rnf_dataset_info *info);
/* One program without its gradients, for its weights and operations; after input. */
rnf_status rnf_model_graph(struct rnf_model *m, const struct rnf_config *c, int training);
/* Backend, program with its gradients when training, and plan; after input. */
rnf_status rnf_model_plan(struct rnf_model *m, const struct rnf_config *c, int training,
			  int fused);
/* "plain" for the core's kernels. */
const char *rnf_model_backend(const struct rnf_model *m);

/* Draw the first values of a block of weights, which is 0 now. Every weight has a stream
 * of its own, keyed by seed and place. */
rnf_status rnf_model_draw(const struct rnf_model *m, uint64_t seed, float *weights);
/* Sum of l2 * w^2 over such a block, in double. */
double rnf_model_l2(const struct rnf_model *m, const float *weights);

#endif
