/* A model as layers of layers: what each costs and which are equal. */
#ifndef RNF_GRAPH_OUTLINE_H
#define RNF_GRAPH_OUTLINE_H

#include "graph/graph.h"

/* Parameters of a layer of the program, with those of layers inside it. */
int64_t rnf_layer_parameters(const struct rnf_program *program, const struct rnf_model_layer *layer);
/* Multiply-adds of its ops for one image. */
int64_t rnf_layer_macs(const struct rnf_program *program, const struct rnf_model_layer *layer);
/* Is it of the kind "block"? */
int rnf_layer_is_block(const struct rnf_model_layer *layer);
/* Does it only compose the layers inside it? So do blocks, and layers whose images are all made
 * by layers inside. */
int rnf_layer_composes(const struct rnf_program *program, size_t layer);
/* Count in *n the layer and the equal ones that follow it at its depth, before `end`: equal in
 * feature, shapes, ops and parameters. Returns the first layer behind them. */
size_t rnf_layer_run(const struct rnf_program *program, size_t layer, size_t end, size_t *n);

#endif
