/* A program under construction: the scope of the current layer and the first failure.
 * Layers see the first member, whose calls append ops. */
#ifndef RNF_OP_BUILDER_H
#define RNF_OP_BUILDER_H

#include "op/op.h"

enum { RNF_SCOPES_MAX = 64 };

struct rnf_builder {
	struct rnf_graph graph; /* first: the plugins' view */
	struct rnf_program *program;
	char scope[256];
	size_t ends[RNF_SCOPES_MAX]; /* length of the scope before each enter */
	int n_ends;
	int floor; /* scopes that the current layer may not leave */
	int frozen; /* the current layer's weights are not trained */
	const struct rnf_feature *lowering; /* its plugin, or NULL */
	rnf_status failed; /* 0: not yet */
};

static inline struct rnf_builder *rnf_builder_of(struct rnf_graph *g)
{
	return (struct rnf_builder *)g;
}

/* Fill the calls of `graph` for scopes, failures and all primitives. */
void rnf_builder_init(struct rnf_builder *b, struct rnf_program *program);
/* graph->fail for what no conf can cause: the plugin is wrong, RNF_EPLUGIN. */
rnf_val rnf_builder_broken(struct rnf_graph *graph, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The name of a weight called `name` in the current scope. */
const char *rnf_builder_name(struct rnf_graph *graph, const char *name);
/* Text of the current scope, for labels of ops and messages. */
const char *rnf_builder_scope(struct rnf_graph *graph);
/* A key of the layer's place, not of an op's number, so that the same layer draws the same
 * numbers in every plan. Further ops of a layer have keys that follow from its name's. */
uint64_t rnf_builder_key(struct rnf_graph *graph);
int rnf_builder_has(const struct rnf_builder *b, rnf_val v);
/* The name of the plugin whose layer is at work, for rows that are made for it. */
const char *rnf_builder_layer(struct rnf_graph *graph);

/* -- for the calls of primitives -- */

/* Append the op, labelled with the current scope, if its operands fit its roles. The output
 * has c channels of row->rows numbers each. */
rnf_val rnf_append(struct rnf_graph *g, const struct rnf_op *op, int64_t h, int64_t w, int64_t c);
/* The same of an op that reads windows of its first operand: a border other than zero becomes
 * a part of that image. (border.c) */
rnf_val rnf_append_window(struct rnf_graph *g, const struct rnf_op *op,
			  const struct rnf_window *window, int64_t c);
/* The output has the shape of the first operand. */
rnf_val rnf_append_like(struct rnf_graph *g, const struct rnf_op *op);
/* The shape of x, or that of one pixel if x is bad: rnf_append() refuses it later. */
struct rnf_value rnf_shape_of(struct rnf_graph *g, rnf_val x);
/* A weight's: 1 .. 4 sizes, all in all at most 2^31 values? `what` begins the message. */
rnf_val rnf_check_shape(struct rnf_graph *g, const char *what, int rank, const int64_t *shape);
int64_t rnf_shape_size(int rank, const int64_t *shape);
/* The last dimension of a weight: the channels of the output. */
int64_t rnf_made_by(struct rnf_graph *g, rnf_val w);

/* An op to be appended, and its operand i. */
struct rnf_use {
	struct rnf_graph *graph;
	const struct rnf_op *op;
	int64_t c; /* channels of its output */
	int i;
};
const struct rnf_value *rnf_use_operand(const struct rnf_use *u, int i);
/* Check the operands of an op before it is appended; its output has c channels. Returns 0,
 * or -1 with a message that names the layer and what the operand must be. (role.c) */
rnf_val rnf_roles_check(struct rnf_graph *graph, const struct rnf_op *op, int64_t c);

#endif
