/* The primitive graph: what layers lower to, what gradients are derived on, and
 * what the planner reads. Ops stand in an order in which they can be computed.
 *
 * Domains: an IMAGE value is one slice per image, a CHANNEL value one vector per
 * batch (made at a barrier), a WEIGHT value one tensor per model. */
#ifndef RNF_GRAPH_GRAPH_H
#define RNF_GRAPH_GRAPH_H

#include <rnframe/backend.h>
#include <rnframe/layer.h>
#include <rnframe/training.h>
#include "base/names.h"
#include "plugin/param.h"

enum rnf_domain { RNF_IMAGE, RNF_CHANNEL, RNF_WEIGHT };

/* How the planner treats an op; the only thing that it knows of most. */
enum rnf_op_class {
	RNF_SOURCE,    /* input, weights */
	RNF_CHAIN,     /* image to image, element by element */
	RNF_CHAIN_SUM, /* image to one vector an image, inside a chain */
	RNF_CHAIN_REDUCE, /* image to a sum over the batch, inside a chain */
	RNF_HEAVY,     /* image to image, a step of its own */
	RNF_HEAVY_REDUCE, /* images to a sum over the batch, a step of its own */
	RNF_BARRIER,   /* channel op, run once when all images are through */
};

enum rnf_op_kind {
	RNF_OP_INPUT, RNF_OP_WEIGHT,
	RNF_OP_CONV, RNF_OP_CONV_BWD_DATA, RNF_OP_CONV_BWD_WEIGHTS,
	RNF_OP_MATMUL, RNF_OP_MATMUL_BWD_DATA, RNF_OP_MATMUL_BWD_WEIGHTS,
	RNF_OP_BIAS, RNF_OP_BIAS_BWD,
	RNF_OP_STATS, RNF_OP_BN_COEF, RNF_OP_BN_COEF_FIXED, RNF_OP_AFFINE,
	RNF_OP_BN_SUMS, RNF_OP_BN_BWD_COEF, RNF_OP_AFFINE_BWD,
	RNF_OP_ACT, RNF_OP_ACT_BWD,
	RNF_OP_SCALE, RNF_OP_DOT, RNF_OP_ADD,
	RNF_OP_AVGPOOL, RNF_OP_AVGPOOL_BWD, RNF_OP_MAXPOOL, RNF_OP_MAXPOOL_BWD,
	RNF_OP_GLOBAL_AVG, RNF_OP_GLOBAL_AVG_BWD,
	RNF_OP_CONCAT, RNF_OP_SLICE,
	RNF_OP_LOSS, RNF_OP_LOSS_BWD,
	RNF_OP_KINDS
};

#define RNF_OP_INPUTS 5

/* Which values an operand may be. x is the first one, c the channels of the output. */
enum rnf_role {
	RNF_ROLE_NONE,    /* there is no such operand */
	RNF_ROLE_IMAGE,   /* of any (h, w, c) */
	RNF_ROLE_PLANE,   /* an image of x's (h, w) */
	RNF_ROLE_TILE,    /* an image of x's (h, w, c) */
	RNF_ROLE_VECTOR,  /* an image of (1, 1, c): a number a channel */
	RNF_ROLE_CHANNEL, /* of the batch: `rows` numbers a channel */
	RNF_ROLE_WEIGHT,  /* a number a channel, trained */
	RNF_ROLE_STATE,   /* a number a channel, running statistics */
	RNF_ROLE_MATRIX,  /* a weight (channels of x, c) */
	RNF_ROLE_KERNEL,  /* a weight (kernel_h, kernel_w, channels of x / groups, c) */
};

struct rnf_operand_info {
	const char *name; /* as graph.h of the plugins has it */
	enum rnf_role role;
	int rows; /* of a CHANNEL */
};

struct rnf_op_info {
	const char *name;
	enum rnf_op_class class;
	enum rnf_domain domain; /* of the output */
	int cheap; /* recomputed rather than stored */
	const char *words; /* for who knows layers, not primitives */
};
extern const struct rnf_op_info rnf_op_info[RNF_OP_KINDS];

/* Of an op that layers make by graph->CALL; the backward pass has rows alone. */
struct rnf_op_signature {
	const char *call;
	struct rnf_operand_info operands[RNF_OP_INPUTS];
	int has_window;
	int rows; /* numbers a channel of the output */
};
extern const struct rnf_op_signature rnf_op_signature[RNF_OP_KINDS];
/* At least 1. */
int rnf_op_rows(enum rnf_op_kind kind);

struct rnf_op {
	enum rnf_op_kind kind;
	int in[RNF_OP_INPUTS], n_in, out;
	int depth;
	struct rnf_window window; /* conv, pools */
	int64_t groups;
	enum rnf_algorithm algorithm;
	int64_t offset; /* slice: first channel */
	double eps, momentum;
	const struct rnf_activation_impl *act;
	const void *self; /* of act */
	uint64_t node;    /* for random ops: a key of the layer's place */
	const char *label;
};

struct rnf_value {
	enum rnf_domain domain;
	int64_t h, w, c; /* of one image; CHANNEL: (1, 1, c) */
	int op, depth;
	int needs_grad;
	int weight; /* WEIGHT: index into weights; else -1 */
};

/* Vectors of c floats that follow each other in a norm's coefficients:
 * y = SCALE (x - MEAN) + SHIFT. Fixed ones have no more than these three. */
enum rnf_norm_row {
	RNF_NORM_SCALE, /* gamma / deviation */
	RNF_NORM_SHIFT, /* beta - SCALE REST */
	RNF_NORM_MEAN,
	RNF_NORM_FACTOR,   /* 1 / deviation */
	RNF_NORM_REST,     /* what the mean has more digits than its float */
	RNF_NORM_VARIANCE, /* of the batch, unbiased */
	RNF_NORM_ROWS
};

/* A tensor of the model, in the order of declaration. */
struct rnf_model_weight {
	const char *name;
	int32_t rank;
	int64_t shape[4], size;
	int64_t offset; /* floats, in the weight block, 16-aligned */
	int64_t fan_in, fan_out;
	const struct rnf_ref *initializer;
	double value, l2;
	int state;
	int value_id;  /* the graph's value */
	int gradient;  /* value that holds the gradient, or -1 */
	int64_t gradient_offset; /* floats inside that value */
};

/* What the backward pass makes again rather than keeps: what norms and activations made;
 * besides, sums of what is kept anyway. */
enum rnf_recompute { RNF_RECOMPUTE_ACTIVATIONS, RNF_RECOMPUTE_SUMS };

struct rnf_program {
	struct rnf_op *ops;
	size_t n_ops;
	struct rnf_value *values;
	size_t n_values;
	struct rnf_model_weight *weights;
	size_t n_weights;
	struct rnf_names names; /* of the weights, each with its index */
	int64_t block; /* floats of the weight block */
	int input, logits, loss; /* values; loss -1 in inference */
	int training;
	/* set before it is planned: */
	enum rnf_precision precision; /* of its convs */
	enum rnf_recompute recompute;
};

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
 * (gradient.c) */
rnf_status rnf_graph_differentiate(struct rnf_program *program);

/* Are the sums that an op makes doubles? Its value then has two floats for each. */
static inline int rnf_sums_doubles(const struct rnf_op *op)
{
	return op->kind == RNF_OP_STATS;
}

/* Append an op; the output's domain and depth follow from its kind. */
int rnf_op_add(struct rnf_program *program, enum rnf_op_kind kind,
	       const int *in, int n_in, int64_t h, int64_t w, int64_t c);
struct rnf_op *rnf_op_of(const struct rnf_program *program, int value);
static inline int64_t rnf_value_size(const struct rnf_value *v)
{
	return v->h * v->w * v->c;
}
/* Sizes in floats are rounded up so that every tensor starts on a cache line. */
static inline int64_t rnf_round16(int64_t n)
{
	return (n + 15) & ~(int64_t)15;
}
/* Numbers that training changes; running statistics are not among them. */
int64_t rnf_program_parameters(const struct rnf_program *program);
/* Multiply-adds of one op on one image, forward or backward. */
int64_t rnf_op_macs(const struct rnf_program *program, const struct rnf_op *op);
/* Of all ops. */
int64_t rnf_program_macs(const struct rnf_program *program);

/* The same weights, in the same order? Training and inference share one block of them.
 * RNF_EPLUGIN, with the layer that declares another one. */
rnf_status rnf_graph_same_weights(const struct rnf_program *inference,
				  const struct rnf_program *training);

/* Fill graph's table of primitives. (primitive.c) */
void rnf_primitives(struct rnf_graph *graph);
/* May this op, not yet appended, read what it names? Its output has c channels. 0, or
 * -1 with the layer's name and what each operand must be. (role.c) */
rnf_val rnf_roles_check(struct rnf_graph *graph, const struct rnf_op *op, int64_t c);
/* May a weight be declared so? 0, or -1 with words. (role.c) */
rnf_val rnf_weight_check(struct rnf_graph *graph, const struct rnf_weight *weight);
struct rnf_program *rnf_builder_program(struct rnf_graph *graph);
/* graph->fail, for what the conf cannot cause: the plugin is wrong, RNF_EPLUGIN. */
rnf_val rnf_builder_broken(struct rnf_graph *graph, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
int rnf_builder_failed(const struct rnf_graph *graph);
/* The name of a weight called `name` in the current scope. */
const char *rnf_builder_name(struct rnf_graph *graph, const char *name);
/* Text of the current scope, for labels of ops and messages. */
const char *rnf_builder_scope(struct rnf_graph *graph);

#endif
