/* A model as its reader thinks of it: layers, and those that they are made of. */
#ifndef RNF_GRAPH_OUTLINE_H
#define RNF_GRAPH_OUTLINE_H

#include "graph/graph.h"

/* Parameters that a layer of the program declares, those inside it included. */
int64_t rnf_layer_parameters(const struct rnf_program *program, const struct rnf_model_layer *layer);
/* Multiply-adds of its ops on one image. */
int64_t rnf_layer_macs(const struct rnf_program *program, const struct rnf_model_layer *layer);
/* Does it only compose the layers inside it? Blocks do, and so do layers whose images are all
 * made by those inside. */
int rnf_layer_composes(const struct rnf_program *program, size_t layer);
/* The first layer from `layer` on, up to `end`, that stands beside it and is not equal to it: in
 * feature, shapes, ops and parameters. *n: how many equal ones there are. */
size_t rnf_layer_run(const struct rnf_program *program, size_t layer, size_t end, size_t *n);

#endif
