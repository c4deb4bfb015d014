/* Primitives. Each is a file of this folder: a row with all that is known of it, and its
 * loops. Layers lower to ops, an op points to its row, and later stages ask the row: none
 * of them knows a primitive by name.
 *
 * Domains: an IMAGE value is one slice per image, a CHANNEL value one vector per batch
 * (made between two phases), a WEIGHT value one tensor per model: a weight, or derived
 * from such. */
#ifndef RNF_OP_OP_H
#define RNF_OP_OP_H

#include <rnframe/backend.h>
#include <rnframe/layer.h>
#include <rnframe/training.h>
#include "base/names.h"

enum rnf_domain { RNF_IMAGE, RNF_CHANNEL, RNF_WEIGHT };

/* How an op is planned and run, and by which of its row's functions. */
enum rnf_op_class {
	RNF_INPUT,        /* the images */
	RNF_TENSOR,       /* a weight */
	RNF_CONSTANT,     /* an image that is the same for all */
	RNF_DERIVED,      /* weights to what stands for a weight, before the batch */
	RNF_CHAIN,        /* image to image, element by element */
	RNF_CHAIN_SUM,    /* image to one vector an image, inside a chain */
	RNF_CHAIN_REDUCE, /* image to a sum over the batch, inside a chain */
	RNF_HEAVY,        /* image to image, a task of its own */
	RNF_HEAVY_REDUCE, /* images to a sum over the batch, a task of its own */
	RNF_BATCH,        /* sums to vectors of the batch, once when all images are through */
};

/* Does the backward pass keep an op's result or recompute it? */
enum rnf_keep {
	RNF_KEPT,
	RNF_CHEAP,      /* recomputed from its inputs */
	RNF_CHEAP_SUM,  /* recomputed if its inputs are kept anyway and the program asks for it */
	RNF_CHEAP_JOIN, /* recomputed if the program asks for it: its inputs are no larger */
};

enum { RNF_OP_INPUTS = 8 };

/* What an operand must be. x is the first operand, c the channels of the output. */
enum rnf_role {
	RNF_ROLE_NONE,    /* there is no such operand */
	RNF_ROLE_IMAGE,   /* of any (h, w, c) */
	RNF_ROLE_PLANE,   /* an image of x's (h, w) */
	RNF_ROLE_TILE,    /* an image of x's (h, w, c) */
	RNF_ROLE_MAP,     /* an image of x's (h, w, 1): a number a pixel */
	RNF_ROLE_VECTOR,  /* an image of (1, 1, channels of x): a number a channel */
	RNF_ROLE_SCALAR,  /* an image of (1, 1, 1) */
	RNF_ROLE_CHANNEL, /* of the batch: `rows` numbers a channel */
	RNF_ROLE_WEIGHT,  /* a number a channel, trained */
	RNF_ROLE_STATE,   /* a number a channel, running statistics */
	RNF_ROLE_MATRIX,  /* a weight (channels of x, c) */
	RNF_ROLE_KERNEL,  /* a weight (kernel_h, kernel_w, channels of x / groups, c) */
	RNF_ROLE_TENSOR,  /* a weight of any shape, trained */
	RNF_ROLE_SOURCE,  /* a weight or running statistics, of any shape */
};

struct rnf_operand_info {
	const char *name; /* as graph.h of the plugins has it */
	enum rnf_role role;
	int rows; /* of a CHANNEL */
};
#define RNF_IS(name_, role_) { .name = name_, .role = RNF_ROLE_##role_ }
#define RNF_VECTORS(name_, rows_) { .name = name_, .role = RNF_ROLE_CHANNEL, .rows = rows_ }

struct rnf_value {
	enum rnf_domain domain;
	int64_t h, w, c; /* of one image; CHANNEL: (1, 1, c) */
	int op, depth;
	int needs_grad;
	int fixed;  /* depends on the weights alone */
	int weight; /* index into weights; -1: it is none */
};

struct rnf_op_row;
struct rnf_model_weight;

struct rnf_op {
	const struct rnf_op_row *row;
	int in[RNF_OP_INPUTS], n_in, out;
	int depth;
	struct rnf_window window; /* conv, pools: dilation 1 or more, border zero; border */
	int64_t groups;
	enum rnf_algorithm algorithm;
	/* Of a slice: its first channel and the channels of its input; of a slice's gradient: the
	 * same channel and those of the slice. Of two sums: their place in the vectors. */
	int64_t offset[2];
	int64_t pixels; /* norm: of an image */
	double eps, momentum;
	const struct rnf_activation_impl *act;
	const void *open; /* a plugin's own primitive (open.c, derive.c) */
	/* of the activation, or of the plugin's primitive; a constant's numbers; of concat: the
	 * channels of each input */
	const void *self;
	struct rnf_model_weight *derived; /* the output of a DERIVED op; not among the model's */
	int operand;      /* of its backward ops: the operand whose gradient it is */
	size_t scratch;   /* floats of scratch that a heavy op needs */
	uint64_t node;    /* for random ops: a key of the layer's place */
	int frozen;       /* of a layer that trains as in inference */
	const char *label;
};

/* A tensor of the model, in the order of declaration. Of one that is derived only name,
 * shape, size and gradient are used. */
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
	int gradient;  /* the value that is its gradient; -1: none, it is not trained */
	int64_t gradient_offset; /* floats inside that value */
};

/* What the backward pass recomputes rather than keeps: results of norms and activations;
 * besides, sums of values that are kept anyway, and what is concatenated. */
enum rnf_recompute { RNF_RECOMPUTE_ACTIVATIONS, RNF_RECOMPUTE_SUMS };

/* A layer as the graph was built from it. Those that it is made of follow it. */
struct rnf_model_layer {
	const char *label; /* in the layer around it */
	const struct rnf_feature *feature;
	int depth;         /* 0: of model.layers */
	size_t end;        /* the first one behind it that is not inside it */
	size_t ops[2], weights[2]; /* what it appended: from, and up to without */
	const int *in;     /* values */
	size_t n_in;
	int out;
};

/* Ops are in an order in which they can be computed. */
struct rnf_program {
	struct rnf_op *ops;
	size_t n_ops;
	struct rnf_value *values;
	size_t n_values;
	struct rnf_model_weight *weights;
	size_t n_weights;
	struct rnf_model_layer *layers;
	size_t n_layers;
	struct rnf_names names; /* of the weights, each with its index */
	int64_t block; /* floats of the weight block */
	int input, logits, loss; /* values; loss -1 in inference */
	int training;
	/* to be set before planning: */
	enum rnf_precision precision; /* of its convs */
	enum rnf_recompute recompute;
};

/* -- arguments of a row's functions -- */

/* A tile of a chain: whole pixels of one image. */
struct rnf_tile_io {
	const struct rnf_op *op;
	/* Images from the tile's first pixel on; vectors, weights and channels whole. */
	const float *in[RNF_OP_INPUTS];
	/* CHAIN: [pixels][c]; may be one of the tiles in `in`, unless the row forbids it.
	 * Sums: add to it; it is 0 before the image's first tile. */
	float *out;
	float *forward; /* `both`: the partner's tile */
	int64_t c;      /* CHAIN: channels of the output; sums: of the first operand */
	int64_t first, pixels, image_pixels; /* pixels of the tile, and of the whole image */
	uint64_t key, sample; /* for random ops: key of (seed, epoch); index of the image */
	int training;
};

/* The sums of one image, after all its tiles. */
struct rnf_sum_io {
	const struct rnf_op *op;
	const float *sums; /* [rows][c] */
	float *to; /* CHAIN_SUM: the image's vector; CHAIN_REDUCE: the leaf's, to be added to */
	int64_t c, image_pixels;
	int64_t n; /* floats of the output: rows times c for sums by channel */
	int first; /* the image is its leaf's first: overwrite `to` */
};

/* One image through a heavy op. */
struct rnf_image_io {
	const struct rnf_op *op;
	const struct rnf_value *x[RNF_OP_INPUTS], *y; /* shapes */
	const float *in[RNF_OP_INPUTS];
	float *out;
	int first; /* the image is its leaf's first: a REDUCE overwrites; else it adds */
	float *scratch; /* as many floats as the op needs, not initialized */
	uint64_t key, sample; /* as of a tile */
	int training;
	/* of the batch */
	int64_t images;
	const float *target; /* [classes], of this image */
	const struct rnf_loss_impl *loss;
	const void *loss_self;
};

/* All images are through. */
struct rnf_batch_io {
	const struct rnf_op *op;
	int64_t c; /* channels; the output has `rows` numbers for each */
	float *in[RNF_OP_INPUTS]; /* only `commit` may write: running statistics */
	float *out;
	int64_t images;
};

struct rnf_tape;
struct rnf_use;

/* All that is known of a primitive. Functions that its class does not use are NULL;
 * rnf_op_add() aborts on a row that lacks one which its class needs. */
struct rnf_op_row {
	const char *name;  /* in plans and profiles; of sums in capitals */
	const char *words; /* for messages: the name in terms of layers */
	const char *call;  /* graph->CALL appends it; NULL: the backward pass does */
	enum rnf_op_class class;
	enum rnf_keep keep;
	struct rnf_operand_info in[RNF_OP_INPUTS];
	int apart;      /* CHAIN: the output may not be one of the tiles that it reads */
	int has_window;
	int rows;    /* floats a channel of the output */
	int doubles; /* its sums are doubles, each in the place of two floats */
	/* Check the op's members, before the sizes of its operands: 0, or -1 with a
	 * message. NULL: nothing to check. */
	rnf_val (*check)(const struct rnf_use *);
	/* Append the ops that pass dy, the gradient of the output, on to the operands. `op`
	 * is a copy, which stays valid while the program grows. NULL: another row does it,
	 * or there is no gradient. */
	void (*gradient)(struct rnf_tape *, const struct rnf_op *, int dy);
	/* What it computes in elementary functions, for exports: the term of its result from
	 * those of its operands, or -1 where the plugin behind it has none. NULL: exports know
	 * the primitive by `call`. */
	int32_t (*formula)(const struct rnf_op *, struct rnf_formula *, const int32_t *in);
	/* Multiply-adds on one image; NULL: none. */
	int64_t (*macs)(const struct rnf_program *, const struct rnf_op *);

	void (*tile)(const struct rnf_tile_io *);   /* CHAIN and sums [worker] */
	void (*sum)(const struct rnf_sum_io *);     /* sums [worker] */
	void (*image)(const struct rnf_image_io *); /* HEAVY [worker] */
	void (*batch)(const struct rnf_batch_io *); /* BATCH, DERIVED, CONSTANT [worker] */

	/* Of a gradient that can run with its forward op in one call when both read the
	 * same tile: that op's row, the call, and its name. */
	const struct rnf_op_row *partner;
	void (*both)(const struct rnf_tile_io *);
	const char *both_name;
	/* Of a heavy op that backends have kernels for: the core's plain kernel. */
	void (*conv)(const struct rnf_program *, const struct rnf_op *,
		     struct rnf_conv_shape *);
	rnf_status (*plain)(const struct rnf_conv_shape *, struct rnf_kernel *);
	/* After a step with finite loss and gradients: is the op's result finite too? If
	 * all are, commit what it keeps for the next step. BATCH ops have both or none.
	 * [main] */
	int (*is_finite)(const struct rnf_batch_io *);
	void (*commit)(const struct rnf_batch_io *);
};

/* -- the program -- */

/* Append an op; its row gives the output's domain and depth. */
int rnf_op_add(struct rnf_program *program, const struct rnf_op_row *row, const int *in,
	       int n_in, int64_t h, int64_t w, int64_t c);
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
/* Is it computed before the batch, from weights alone or from nothing? */
int rnf_op_is_fixed(const struct rnf_program *program, const struct rnf_op *op);
/* Is its output an image that is there before the first phase? */
static inline int rnf_row_is_given(const struct rnf_op_row *row)
{
	return row->class == RNF_INPUT || row->class == RNF_CONSTANT;
}
/* What is known of a WEIGHT value, declared or derived; NULL: of another domain. */
struct rnf_model_weight *rnf_tensor_of(const struct rnf_program *program, int value);
/* Do two ops of one row, or of partner rows, have the same function and key? */
int rnf_op_is_same(const struct rnf_op *a, const struct rnf_op *b);
/* Parameters, frozen ones included, without running statistics. */
int64_t rnf_program_parameters(const struct rnf_program *program);
/* Those of them that training changes. */
int64_t rnf_program_trained(const struct rnf_program *program);
/* Multiply-adds of one op on one image, forward or backward. */
int64_t rnf_op_macs(const struct rnf_program *program, const struct rnf_op *op);
/* Of all ops. */
int64_t rnf_program_macs(const struct rnf_program *program);

/* -- rows that other files use -- */

extern const struct rnf_op_row rnf_op_row_input, rnf_op_row_weight; /* weight.c */
extern const struct rnf_op_row rnf_op_row_add;                   /* add.c: gradients meet */
extern const struct rnf_op_row rnf_op_row_slice;                 /* slice.c: concat's gradient */
extern const struct rnf_op_row rnf_op_row_loss, rnf_op_row_loss_bwd; /* loss.c */

/* Each fills its members of the table of calls for layers. */
#define RNF_PRIMITIVES(x) \
	x(weight) x(conv) x(matmul) x(bias) x(batch_norm) x(activation) x(scale) x(add) \
	x(sub) x(mul) x(div) x(max) x(pool) x(global_avg) x(slice) x(concat) x(reshape) x(constant) \
	x(open) x(derive)
#define RNF_PRIMITIVE(name) void rnf_primitive_##name(struct rnf_graph *graph);
RNF_PRIMITIVES(RNF_PRIMITIVE)

/* -- sums -- */

/* to[n] = or += sums[n], as CHAIN_REDUCE does it with floats. */
void rnf_sum_reduce(const struct rnf_sum_io *io);

#endif
