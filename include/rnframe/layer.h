/* Kinds "layer" and "block". A layer lowers to primitives and may own weights; a block
 * composes layers by name and computes nothing itself. Both return one value, and neither
 * writes a backward pass.
 *
 * self is the configuration that the core filled, read-only. [main] */
#ifndef RNFRAME_LAYER_H
#define RNFRAME_LAYER_H

#include <string.h>
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

/* A weight of n values that all start with `value`, without L2. */
static inline rnf_val rnf_vector(struct rnf_graph *graph, const char *name, int64_t n,
				 double value)
{
	const struct rnf_weight w = { .name = name, .rank = 1, .shape = { n }, .fan_in = n,
				      .fan_out = n, .value = value };
	return graph->weight(graph, &w);
}

/* Running statistics of n values. */
static inline rnf_val rnf_statistics(struct rnf_graph *graph, const char *name, int64_t n,
				     double value)
{
	const struct rnf_weight w = { .name = name, .rank = 1, .shape = { n }, .fan_in = n,
				      .fan_out = n, .value = value, .state = 1 };
	return graph->weight(graph, &w);
}

/* A copy that lives as long as the graph, as the `self` of an op. NULL after a failure, which
 * the graph's next call passes on. */
static inline void *rnf_keep(struct rnf_graph *graph, const void *what, size_t bytes)
{
	void *kept = graph->host->alloc(bytes);
	if (!kept) (graph->fail)(graph, "no memory is left");
	else memcpy(kept, what, bytes);
	return kept;
}

/* An op of graph->image that moves or adds pixels of x: its gradient reads dy alone. */
static const uint32_t rnf_linear_roles[] = { RNF_IN_IMAGE }, rnf_linear_reads[] = { 0 };
#define RNF_LINEAR_IMAGE(fwd_, bwd_, formula_)                                        \
	{ .size = sizeof(struct rnf_image_impl), .n_in = 1, .roles = rnf_linear_roles, \
	  .reads = rnf_linear_reads, .fwd = fwd_, .bwd = bwd_, .formula = formula_ }

#endif
