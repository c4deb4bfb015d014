/* Turns the model section of a conf into a program of primitives: layers lower, then the
 * backward pass is appended. */
#ifndef RNF_GRAPH_GRAPH_H
#define RNF_GRAPH_GRAPH_H

#include "op/op.h"
#include "plugin/param.h"

/* The model section of a conf, filled. */
struct rnf_model_conf {
	struct rnf_ints input;
	const struct rnf_ref *norm, *act, *initializer;
	double l2;
	int32_t algorithm;
	struct rnf_refs layers;
};
/* Common keys of layers and blocks. */
struct rnf_layer_common {
	const char *name;
	struct rnf_strings inputs;
};
extern const struct rnf_params rnf_model_params, rnf_layer_common_params;

/* Lower a model to primitives, in training or inference form, without the loss. (build.c) */
rnf_status rnf_graph_build(const struct rnf_model_conf *model,
			   const int64_t hwc[3], int64_t classes, int training,
			   struct rnf_program **program);
/* Append the loss and the backward pass to the weights' gradients. (differentiate.c) */
rnf_status rnf_graph_differentiate(struct rnf_program *program);
/* Check that both programs have the same weights in the same order, since they share one
 * block. RNF_EPLUGIN names the layer that declares a different one. (build.c) */
rnf_status rnf_graph_same_weights(const struct rnf_program *inference,
				  const struct rnf_program *training);

#endif
