/* Primitives. Each is a file of this folder: a row that says all there is to know of it,
 * beside the loops that it runs. Layers lower to ops, an op names its row, and the stages
 * after this one ask the row: none of them knows a primitive.
 *
 * Domains: an IMAGE value is one slice per image, a CHANNEL value one vector per batch
 * (made at a barrier), a WEIGHT value one tensor per model. */
#ifndef RNF_OP_OP_H
#define RNF_OP_OP_H

#include <rnframe/backend.h>
#include <rnframe/layer.h>
#include <rnframe/training.h>
#include "base/names.h"

enum rnf_domain { RNF_IMAGE, RNF_CHANNEL, RNF_WEIGHT };

/* How an op is planned and run: which of its row's functions, over what, and what for. */
enum rnf_op_class {
	RNF_INPUT,        /* the images */
	RNF_TENSOR,       /* a weight */
	RNF_CHAIN,        /* image to image, element by element */
	RNF_CHAIN_SUM,    /* image to one vector an image, inside a chain */
	RNF_CHAIN_REDUCE, /* image to a sum over the batch, inside a chain */
	RNF_HEAVY,        /* image to image, a step of its own */
	RNF_HEAVY_REDUCE, /* images to a sum over the batch, a step of its own */
	RNF_BARRIER,      /* channel op, run once when all images are through */
};

/* Does the backward pass keep what an op made, or make it again? */
enum rnf_keep {
	RNF_KEPT,
	RNF_CHEAP,     /* made again from its inputs */
	RNF_CHEAP_SUM, /* made again if its inputs are kept anyway, and the program asks so */
};

enum { RNF_OP_INPUTS = 8 };

/* Which values an operand may be. x is the first one, c the channels of the output. */
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
	int fixed;  /* follows from the weights alone: images do not change it */
	int weight; /* WEIGHT: index into weights; else -1 */
};

struct rnf_op_row;

struct rnf_op {
	const struct rnf_op_row *row;
	int in[RNF_OP_INPUTS], n_in, out;
	int depth;
	struct rnf_window window; /* conv, pools */
	int64_t groups;
	enum rnf_algorithm algorithm;
	int64_t offset[2]; /* of a slice: first channel; of two sums: in their vectors */
	int64_t pixels; /* norm: of an image */
	double eps, momentum;
	const struct rnf_activation_impl *act;
	const void *open; /* a plugin's own primitive (open.c) */
	const void *self; /* of act, or of the plugin's */
	int operand;      /* of its backward ops: whose gradient */
	size_t scratch;   /* floats that a heavy op wants of its worker */
	uint64_t node;    /* for random ops: a key of the layer's place */
	const char *label;
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

/* Ops stand in an order in which they can be computed. */
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

/* -- what a row's functions get -- */

/* A tile of a chain: some whole pixels of one image. */
struct rnf_tile_io {
	const struct rnf_op *op;
	/* Images from the tile's first pixel on; vectors, weights and channels whole. */
	const float *in[RNF_OP_INPUTS];
	/* CHAIN: [pixels][c], may be one of the tiles in `in` unless the row says apart.
	 * Sums: 0 before the image's first tile, to be added to. */
	float *out;
	float *forward; /* `both`: the partner's tile */
	int64_t c;      /* CHAIN: channels of the output; sums: of the first operand */
	int64_t first, pixels, image_pixels; /* of the tile, and of the image that it is of */
	uint64_t key, sample; /* for random ops: of (seed, epoch); index in the split */
	int training;
};

/* The sums of one image, once all tiles are through. */
struct rnf_sum_io {
	const struct rnf_op *op;
	const float *sums; /* [rows][c] */
	float *to; /* CHAIN_SUM: the image's; CHAIN_REDUCE: the leaf's, to be added to */
	int64_t c, image_pixels;
	int64_t n; /* floats of the output: rows times c, if it is a sum a channel */
	int first; /* image of its leaf: `to` is overwritten */
};

/* One image through a heavy op. */
struct rnf_image_io {
	const struct rnf_op *op;
	const struct rnf_value *x[RNF_OP_INPUTS], *y; /* shapes */
	const float *in[RNF_OP_INPUTS];
	float *out;
	int first; /* image of its leaf: a REDUCE overwrites, else it adds */
	float *scratch; /* as many floats as the op wants; anything may lie in it */
	uint64_t key, sample; /* as of a tile */
	int training;
	/* of the batch */
	int64_t images;
	const float *target; /* [classes], of this image */
	const struct rnf_loss_impl *loss;
	const void *loss_self;
};

/* All images are through. */
struct rnf_barrier_io {
	const struct rnf_op *op;
	int64_t c; /* channels; the output has `rows` numbers for each */
	float *in[RNF_OP_INPUTS]; /* only `commit` may write, to running statistics */
	float *out;
	int64_t images;
};

struct rnf_tape;
struct rnf_use;

/* What there is to know of a primitive. Functions that its class has no use for are NULL:
 * rnf_op_add() stops at a row that lacks one of its own. */
struct rnf_op_row {
	const char *name;  /* in plans and profiles; of sums in capitals */
	const char *words; /* for someone who knows layers, not primitives */
	const char *call;  /* layers make it by graph->CALL; NULL: the backward pass does */
	enum rnf_op_class class;
	enum rnf_keep keep;
	struct rnf_operand_info in[RNF_OP_INPUTS];
	int apart;      /* CHAIN: the output may not be one of the tiles that it reads */
	int has_window;
	int rows;    /* floats a channel of the output */
	int doubles; /* it sums doubles, each in the place of two floats */
	/* Of the op's members, when operands are there and before their sizes are looked at:
	 * 0, or -1 with words. NULL: it has none. */
	rnf_val (*check)(const struct rnf_use *);
	/* Append what hands the gradient dy of its output to its operands; the op is a copy, which
	 * stays where it is while the program grows. NULL: another row does, or there is none. */
	void (*gradient)(struct rnf_tape *, const struct rnf_op *, int dy);
	/* Multiply-adds on one image; NULL: none. */
	int64_t (*macs)(const struct rnf_program *, const struct rnf_op *);

	void (*tile)(const struct rnf_tile_io *);       /* CHAIN and sums [worker] */
	void (*sum)(const struct rnf_sum_io *);         /* sums [worker] */
	void (*image)(const struct rnf_image_io *);     /* HEAVY [worker] */
	void (*barrier)(const struct rnf_barrier_io *); /* BARRIER [worker] */

	/* A gradient that can be run with its forward op in one call, where both read the
	 * same tile: that op's row, the call, and its name. */
	const struct rnf_op_row *partner;
	void (*both)(const struct rnf_tile_io *);
	const char *both_name;
	/* A heavy op that backends have kernels for, and the core's plain one. */
	void (*conv)(const struct rnf_program *, const struct rnf_op *,
		     struct rnf_conv_shape *);
	rnf_status (*plain)(const struct rnf_conv_shape *, struct rnf_kernel *);
	/* After a step whose loss and gradients are finite: is what the op made, too? Then
	 * what it keeps for the next step. BARRIER, both or none. [main] */
	int (*is_finite)(const struct rnf_barrier_io *);
	void (*commit)(const struct rnf_barrier_io *);
};

/* -- the program -- */

/* Append an op of a complete row; the output's domain and depth follow from it. */
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
/* Is it made before the batch, from weights alone? */
int rnf_op_is_fixed(const struct rnf_program *program, const struct rnf_op *op);
/* Do two ops of the same or partner rows compute with the same function and key? */
int rnf_op_is_same(const struct rnf_op *a, const struct rnf_op *b);
/* Numbers that training changes; running statistics are not among them. */
int64_t rnf_program_parameters(const struct rnf_program *program);
/* Multiply-adds of one op on one image, forward or backward. */
int64_t rnf_op_macs(const struct rnf_program *program, const struct rnf_op *op);
/* Of all ops. */
int64_t rnf_program_macs(const struct rnf_program *program);

/* -- rows that others than their own file use -- */

extern const struct rnf_op_row rnf_op_row_input, rnf_op_row_weight; /* weight.c */
extern const struct rnf_op_row rnf_op_row_add;                   /* add.c: gradients meet */
extern const struct rnf_op_row rnf_op_row_loss, rnf_op_row_loss_bwd; /* loss.c */

/* Each fills its members of the table of calls that layers are given. */
#define RNF_PRIMITIVES(x) \
	x(weight) x(conv) x(matmul) x(bias) x(batch_norm) x(activation) x(scale) x(add) \
	x(sub) x(mul) x(max) x(pool) x(global_avg) x(concat) x(reshape) x(open)
#define RNF_PRIMITIVE(name) void rnf_primitive_##name(struct rnf_graph *graph);
RNF_PRIMITIVES(RNF_PRIMITIVE)

/* -- sums -- */

/* to[n] = or += sums[n], as CHAIN_REDUCE does it with floats. */
void rnf_sum_reduce(const struct rnf_sum_io *io);

#endif
