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
	int32_t algorithm, standardize;
	struct rnf_refs layers;
	struct rnf_strings freeze; /* labels of layers; not a key of `model` */
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
/* What layer i is called: its name, or its type and i. (build.c) */
const char *rnf_graph_label(const struct rnf_model_conf *model, size_t i);
/* Append the loss and the backward pass to the weights' gradients. (differentiate.c) */
rnf_status rnf_graph_differentiate(struct rnf_program *program);

/* The weights that a model declares, in their order: those of one of its programs. */
struct rnf_weight_list {
	const struct rnf_model_weight *at;
	size_t n;
	const struct rnf_names *names; /* each with its index */
	int64_t block; /* floats of the weight block */
	int training;  /* the form of the program that declared them */
};
struct rnf_weight_list rnf_graph_weights(const struct rnf_program *program);
/* Check that another program of the model declares the same weights in the same order, since
 * training and inference share one block. RNF_EPLUGIN names the weight that differs. (build.c) */
rnf_status rnf_graph_check_weights(const struct rnf_weight_list *list,
				   const struct rnf_program *program);

#endif
