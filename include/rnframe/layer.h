/* Kinds "layer" and "block". A layer lowers to primitives and may own weights; a block
 * composes layers by name and computes nothing itself. Both return one value, and neither
 * writes a backward pass.
 *
 * self is the configuration that the core filled, read-only. [main] */
#ifndef RNFRAME_LAYER_H
#define RNFRAME_LAYER_H

#include <rnframe/graph.h>

struct rnf_layer_impl {
	int32_t inputs; /* how many values it takes; -1: one or more */
	/* *out = f(in[n_in]); failures through graph->fail. The scope is the
	 * node's own: weights are named after it. */
	rnf_val (*lower)(const void *self, struct rnf_graph *graph,
			 const rnf_val *in, size_t n_in);
};

/* The same shape, but another kind: blocks may do less. */
struct rnf_block_impl {
	rnf_val (*build)(const void *self, struct rnf_graph *graph, rnf_val x);
};

#endif
