/* The closed set of primitives as a table, and the growing program. */
#include "base/arena.h"
#include "graph/graph.h"

const struct rnf_op_info rnf_op_info[RNF_OP_KINDS] = {
	[RNF_OP_INPUT] = { "input", RNF_SOURCE, RNF_IMAGE, 0, "the input" },
	[RNF_OP_WEIGHT] = { "weight", RNF_SOURCE, RNF_WEIGHT, 0, "a weight" },
	[RNF_OP_CONV] = { "conv", RNF_HEAVY, RNF_IMAGE, 0, "conv" },
	[RNF_OP_CONV_BWD_DATA] = { "conv_bwd_data", RNF_HEAVY, RNF_IMAGE, 0, "conv's input" },
	[RNF_OP_CONV_BWD_WEIGHTS] = { "conv_bwd_weights", RNF_HEAVY_REDUCE, RNF_CHANNEL, 0, "conv's kernel" },
	[RNF_OP_MATMUL] = { "matmul", RNF_HEAVY, RNF_IMAGE, 0, "product" },
	[RNF_OP_MATMUL_BWD_DATA] = { "matmul_bwd_data", RNF_HEAVY, RNF_IMAGE, 0, "product's input" },
	[RNF_OP_MATMUL_BWD_WEIGHTS] = { "matmul_bwd_weights", RNF_HEAVY_REDUCE, RNF_CHANNEL, 0,
		"product's kernel" },
	[RNF_OP_BIAS] = { "bias", RNF_CHAIN, RNF_IMAGE, 1, "bias" },
	[RNF_OP_BIAS_BWD] = { "SUM", RNF_CHAIN_REDUCE, RNF_CHANNEL, 0, "bias" },
	[RNF_OP_STATS] = { "STATS", RNF_CHAIN_REDUCE, RNF_CHANNEL, 0, "norm's statistics" },
	[RNF_OP_BN_COEF] = { "bn_coef", RNF_BARRIER, RNF_CHANNEL, 0, "norm's mean and variance" },
	[RNF_OP_BN_COEF_FIXED] = { "bn_coef_fixed", RNF_BARRIER, RNF_CHANNEL, 0, "norm's coefficients" },
	[RNF_OP_AFFINE] = { "affine", RNF_CHAIN, RNF_IMAGE, 1, "norm" },
	[RNF_OP_BN_SUMS] = { "BN_SUMS", RNF_CHAIN_REDUCE, RNF_CHANNEL, 0, "norm's sums" },
	[RNF_OP_BN_BWD_COEF] = { "bn_bwd_coef", RNF_BARRIER, RNF_CHANNEL, 0, "norm's scale and shift" },
	[RNF_OP_AFFINE_BWD] = { "affine_bwd", RNF_CHAIN, RNF_IMAGE, 0, "norm's input" },
	[RNF_OP_ACT] = { "act", RNF_CHAIN, RNF_IMAGE, 1, "activation" },
	[RNF_OP_ACT_BWD] = { "act_bwd", RNF_CHAIN, RNF_IMAGE, 0, "activation" },
	[RNF_OP_SCALE] = { "scale", RNF_CHAIN, RNF_IMAGE, 1, "scale" },
	[RNF_OP_DOT] = { "DOT", RNF_CHAIN_SUM, RNF_IMAGE, 0, "scale's factors" },
	[RNF_OP_ADD] = { "add", RNF_CHAIN, RNF_IMAGE, 0, "sum" },
	[RNF_OP_AVGPOOL] = { "avgpool", RNF_HEAVY, RNF_IMAGE, 0, "average pool" },
	[RNF_OP_AVGPOOL_BWD] = { "avgpool_bwd", RNF_HEAVY, RNF_IMAGE, 0, "average pool" },
	[RNF_OP_MAXPOOL] = { "maxpool", RNF_HEAVY, RNF_IMAGE, 0, "maximum pool" },
	[RNF_OP_MAXPOOL_BWD] = { "maxpool_bwd", RNF_HEAVY, RNF_IMAGE, 0, "maximum pool" },
	[RNF_OP_GLOBAL_AVG] = { "GLOBAL_AVG", RNF_CHAIN_SUM, RNF_IMAGE, 0, "global average" },
	[RNF_OP_GLOBAL_AVG_BWD] = { "broadcast", RNF_CHAIN, RNF_IMAGE, 0, "global average" },
	[RNF_OP_CONCAT] = { "concat", RNF_HEAVY, RNF_IMAGE, 0, "concatenation" },
	[RNF_OP_SLICE] = { "slice", RNF_HEAVY, RNF_IMAGE, 0, "slice" },
	[RNF_OP_LOSS] = { "loss", RNF_HEAVY, RNF_IMAGE, 0, "loss" },
	[RNF_OP_LOSS_BWD] = { "loss_bwd", RNF_HEAVY, RNF_IMAGE, 0, "loss" },
};

#define IS(name_, role_) { .name = name_, .role = RNF_ROLE_##role_ }
/* Statistics are two doubles a channel, each in the place of two floats. */
#define VECTORS(name_, rows_) { .name = name_, .role = RNF_ROLE_CHANNEL, .rows = rows_ }
const struct rnf_op_signature rnf_op_signature[RNF_OP_KINDS] = {
	[RNF_OP_CONV] = { "conv2d", { IS("x", IMAGE), IS("kernel", KERNEL) }, 1, 1 },
	[RNF_OP_MATMUL] = { "matmul", { IS("x", IMAGE), IS("w", MATRIX) }, 0, 1 },
	[RNF_OP_BIAS] = { "bias", { IS("x", IMAGE), IS("b", WEIGHT) }, 0, 1 },
	[RNF_OP_STATS] = { "batch_norm", { IS("x", IMAGE) }, 0, 4 },
	[RNF_OP_BN_COEF] = { "batch_norm", { VECTORS("statistics", 4), IS("gamma", WEIGHT),
		IS("beta", WEIGHT), IS("mean", STATE), IS("variance", STATE) }, 0,
		RNF_NORM_ROWS },
	[RNF_OP_BN_COEF_FIXED] = { "batch_norm", { IS("gamma", WEIGHT), IS("beta", WEIGHT),
		IS("mean", STATE), IS("variance", STATE) }, 0, RNF_NORM_ROWS },
	[RNF_OP_AFFINE] = { "batch_norm", { IS("x", IMAGE),
		VECTORS("coefficients", RNF_NORM_ROWS) }, 0, 1 },
	[RNF_OP_BN_SUMS] = { .rows = 2 },
	[RNF_OP_BN_BWD_COEF] = { .rows = 6 },
	[RNF_OP_ACT] = { "pointwise", { IS("x", IMAGE) }, 0, 1 },
	[RNF_OP_SCALE] = { "scale", { IS("x", IMAGE), IS("s", VECTOR) }, 0, 1 },
	[RNF_OP_ADD] = { "add", { IS("a", IMAGE), IS("b", TILE) }, 0, 1 },
	[RNF_OP_AVGPOOL] = { "avgpool", { IS("x", IMAGE) }, 1, 1 },
	[RNF_OP_MAXPOOL] = { "maxpool", { IS("x", IMAGE) }, 1, 1 },
	[RNF_OP_GLOBAL_AVG] = { "global_avgpool", { IS("x", IMAGE) }, 0, 1 },
	[RNF_OP_CONCAT] = { "concat", { IS("input 1", IMAGE), IS("input 2", PLANE),
		IS("input 3", PLANE), IS("input 4", PLANE), IS("input 5", PLANE) }, 0, 1 },
};

int rnf_op_rows(enum rnf_op_kind kind)
{
	return rnf_op_signature[kind].rows ? rnf_op_signature[kind].rows : 1;
}

struct rnf_op *rnf_op_of(const struct rnf_program *p, int value)
{
	return &p->ops[p->values[value].op];
}

/* A value that went through a barrier is one phase deeper than its inputs;
 * fixed coefficients depend on weights only and so stay at depth 0. */
static int depth_of(const struct rnf_program *p, enum rnf_op_kind kind,
		    const int *in, int n_in)
{
	int depth = 0;
	for (int i = 0; i < n_in; i++)
		if (p->values[in[i]].depth > depth)
			depth = p->values[in[i]].depth;
	const int barrier = rnf_op_info[kind].class == RNF_BARRIER &&
			    kind != RNF_OP_BN_COEF_FIXED;
	return depth + barrier;
}

int rnf_op_add(struct rnf_program *p, enum rnf_op_kind kind, const int *in,
	       int n_in, int64_t h, int64_t w, int64_t c)
{
	const int depth = depth_of(p, kind, in, n_in), id = (int)p->n_ops;
	struct rnf_op *op = rnf_push((void **)&p->ops, &p->n_ops, sizeof *op);
	*op = (struct rnf_op){ .kind = kind, .n_in = n_in, .depth = depth,
			       .groups = 1, .out = (int)p->n_values };
	struct rnf_value *v =
		rnf_push((void **)&p->values, &p->n_values, sizeof *v);
	*v = (struct rnf_value){ .domain = rnf_op_info[kind].domain, .h = h,
				 .w = w, .c = c, .op = id, .depth = depth,
				 .weight = -1 };
	for (int i = 0; i < n_in; i++) {
		op->in[i] = in[i];
		v->needs_grad |= p->values[in[i]].needs_grad;
	}
	return op->out;
}

int64_t rnf_program_parameters(const struct rnf_program *program)
{
	int64_t n = 0;
	for (size_t i = 0; i < program->n_weights; i++)
		if (!program->weights[i].state) n += program->weights[i].size;
	return n;
}

int64_t rnf_op_macs(const struct rnf_program *p, const struct rnf_op *op)
{
	const struct rnf_value *x = &p->values[op->in[0]];
	const struct rnf_value *second = &p->values[op->in[1]];
	const struct rnf_value *y = &p->values[op->out];
	const int64_t taps = op->window.kernel_h * op->window.kernel_w;
	switch (op->kind) {
	case RNF_OP_CONV:
		return y->h * y->w * y->c * taps * x->c / op->groups;
	case RNF_OP_CONV_BWD_DATA:
		return x->h * x->w * x->c * taps * y->c / op->groups;
	case RNF_OP_CONV_BWD_WEIGHTS:
		return second->h * second->w * second->c * taps * x->c / op->groups;
	case RNF_OP_MATMUL:
	case RNF_OP_MATMUL_BWD_DATA:
		return x->h * x->w * x->c * y->c;
	case RNF_OP_MATMUL_BWD_WEIGHTS:
		return x->h * x->w * x->c * second->c;
	default:
		return 0;
	}
}

int64_t rnf_program_macs(const struct rnf_program *p)
{
	int64_t macs = 0;
	for (size_t i = 0; i < p->n_ops; i++)
		macs += rnf_op_macs(p, &p->ops[i]);
	return macs;
}
