/* A plan: the primitive graph cut into phases, each a straight line of tasks
 * over one image, with every byte placed. A phase is a barrier depth, all image
 * ops between two batch statistics, or a part of one. Made before the first step, never changed. */
#ifndef RNF_PLAN_PLAN_H
#define RNF_PLAN_PLAN_H

#include <stdio.h>
#include <rnframe/backend.h>
#include "graph/graph.h"

/* Images a leaf of the reduction tree, floats a tile of a chain: constants,
 * since they decide bits. */
enum { RNF_LEAF = 4, RNF_TILE_FLOATS = 2048 };
enum rnf_space {
	RNF_SPACE_NONE,
	RNF_SPACE_ARENA,    /* one slice per image, lives between phases */
	RNF_SPACE_NARROW,   /* a slice of bf16: two values in the place of one float */
	RNF_SPACE_SCRATCH,  /* one for each worker, lives inside a phase */
	RNF_SPACE_CHANNEL,  /* vectors made at barriers, and what is made before the batch */
	RNF_SPACE_GRADIENT, /* finished sums over the batch */
	RNF_SPACE_WEIGHT,
	RNF_SPACES
};

/* pointer = base[space] + offset + image * stride, in floats. */
struct rnf_operand {
	enum rnf_space space;
	int64_t offset, stride;
};

/* Conversion between a value's bf16 in memory and the floats that ops compute with. */
enum rnf_move { RNF_MOVE_NONE, RNF_MOVE_WIDEN, RNF_MOVE_NARROW };

/* What a link reads: a strand of the chain, or a whole operand outside of it, at `whole`. */
struct rnf_link_input {
	int strand; /* -1: none */
	struct rnf_operand whole;
};

/* One pointwise op over a tile; out and forward are strands of the chain, -1: none. */
struct rnf_link {
	const struct rnf_op *op;
	int64_t c; /* channels: of what the op makes, or of what it sums */
	enum rnf_move move; /* no op: `whole` of in[0] is widened to out, or its strand narrowed */
	struct rnf_link_input in[RNF_OP_INPUTS];
	int out;
	int forward; /* output of the row's partner, which runs in the same call */
	struct rnf_operand sum;  /* CHAIN_SUM: the place of the image's vector */
	int64_t acc;             /* sums: offset in the worker's accumulators, in floats */
	int64_t reduction;       /* CHAIN_REDUCE: offset in the phase's vector, in floats */
};

/* The floats of one value in a chain: those of the tile at work. */
struct rnf_strand {
	struct rnf_operand operand; /* space NONE: a tile of its own */
	int temp;
	int64_t c; /* channels of its pixels */
};

struct rnf_chain {
	int64_t pixels, c, tile_pixels; /* c: the channels of the widest strand */
	struct rnf_strand *strands;
	size_t n_strands;
	struct rnf_link *links;
	size_t n_links;
	int n_temps;
	int64_t acc_floats;
};

/* What a conv prefetches for the tasks after it, from its image or the next one. */
struct rnf_ahead {
	struct rnf_operand operand;
	int next;
};
enum { RNF_AHEAD = 16 }; /* at most, of a task */

struct rnf_task {
	const struct rnf_op *op; /* of a chain: the op that it was built for */
	const struct rnf_chain *chain;
	enum rnf_move move; /* of op's output, whole: in[0] to out */
	struct rnf_operand in[RNF_OP_INPUTS], out;
	int64_t reduction; /* HEAVY_REDUCE: offset in the phase's vector, in floats */
	struct rnf_kernel kernel; /* convs */
	int64_t packed;           /* offset of its packed weights, if its kernel packs them */
	int64_t leaf;             /* offset of what it keeps during a leaf */
	struct rnf_ahead *ahead;
	size_t n_ahead;
};

struct rnf_phase {
	struct rnf_task *tasks;
	size_t n_tasks;
	const struct rnf_op **batch_ops; /* run by one thread when all images are through */
	size_t n_batch_ops;
	int64_t reductions, gradient; /* floats of its vector of sums, and their place */
	int64_t doubles; /* doubles at the end of this vector, each in the place of two floats */
};

struct rnf_plan {
	const struct rnf_program *program;
	int64_t batch; /* capacity, images */
	struct rnf_phase *phases;
	size_t n_phases;
	const struct rnf_op **prologue; /* constants, ops of weights alone: run before phase 0 */
	size_t n_prologue;
	struct rnf_operand *operands; /* of each value that has a place */
	char *stored;                 /* values in the arena */
	char *narrow;                 /* which of these are kept in bf16 */
	int64_t arena, scratch, channel, gradient; /* floats */
	int64_t max_reductions, tiles, accumulators;
	size_t max_strands; /* of a chain */
	size_t kernel_scratch_bytes;
	int64_t leaf; /* floats that the tasks of one phase keep during a leaf */
	const struct rnf_task **packs; /* tasks whose kernel packs its weights */
	size_t n_packs;
	int64_t packed; /* floats of all packed weights */
};

/* `fused` 0: each op its own phase and everything stored, the oracle. */
rnf_status rnf_plan_make(const struct rnf_program *program,
			 const struct rnf_feature *backend, void *backend_self,
			 int64_t batch, int fused, struct rnf_plan **plan);
/* Names of the backend's kernels in it, each once; NULL: it has none. */
const char *rnf_plan_kernels(const struct rnf_plan *plan);
/* Of all its phases. */
size_t rnf_plan_tasks(const struct rnf_plan *plan);
void rnf_plan_print(const struct rnf_plan *plan, FILE *out);
/* Its last line: sizes and memory. */
void rnf_plan_print_total(const struct rnf_plan *plan, FILE *out);
/* Names the kind of work that a task does: "conv 3x3 16->16 at 32x32", a chain by its
 * links, another op by its name. Tasks that do the same work have equal names. (print.c) */
const char *rnf_task_words(const struct rnf_plan *plan, const struct rnf_task *task);
/* The layer that a task belongs to; of a chain, the layer of the op that it was built for. */
const char *rnf_task_label(const struct rnf_task *task);

#endif
