/* From the model section of a conf to a program of primitives: layers lower, then what the
 * weights' gradients need is appended. */
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

/* Lower a model: layers to primitives, in training or inference form. The loss
 * is not part of it yet. (build.c) */
rnf_status rnf_graph_build(const struct rnf_model_conf *model,
			   const int64_t hwc[3], int64_t classes, int training,
			   struct rnf_program **program);
/* Append the loss and everything that the weights' gradients need.
 * (differentiate.c) */
rnf_status rnf_graph_differentiate(struct rnf_program *program);
/* The same weights, in the same order? Training and inference share one block of them.
 * RNF_EPLUGIN, with the layer that declares another one. (build.c) */
rnf_status rnf_graph_same_weights(const struct rnf_program *inference,
				  const struct rnf_program *training);

#endif
