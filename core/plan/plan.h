/* A plan: the primitive graph cut into phases, each a straight line of steps
 * over one image, with every byte placed. A phase is a barrier depth: all image
 * ops between two batch statistics. Made before the first step, never changed. */
#ifndef RNF_PLAN_PLAN_H
#define RNF_PLAN_PLAN_H

#include <stdio.h>
#include <rnframe/backend.h>
#include "graph/graph.h"

/* Images a leaf of the reduction tree, floats a tile of a chain: constants,
 * since they decide bits. */
enum { RNF_LEAF = 4, RNF_TILE_FLOATS = 2048 };
/* Slots of a chain: the longest of the known models has 9. */
enum { RNF_CHAIN_SLOTS = 64 };

enum rnf_space {
	RNF_SPACE_NONE,
	RNF_SPACE_ARENA,    /* one slice per image, lives between phases */
	RNF_SPACE_NARROW,   /* such a slice of bf16, two in a float's place */
	RNF_SPACE_SCRATCH,  /* of a worker, lives inside a phase */
	RNF_SPACE_CHANNEL,  /* vectors made at barriers */
	RNF_SPACE_GRADIENT, /* finished sums over the batch */
	RNF_SPACE_WEIGHT,
	RNF_SPACES
};

/* pointer = base[space] + offset + image * stride, in floats. */
struct rnf_operand {
	enum rnf_space space;
	int64_t offset, stride;
};

/* Between a value's slice of bf16 and the floats that ops compute with. */
enum rnf_move { RNF_MOVE_NONE, RNF_MOVE_WIDEN, RNF_MOVE_NARROW };

/* One pointwise op over a tile; a, b, dst, dst2 are slots of the chain, -1: none. */
struct rnf_stage {
	const struct rnf_op *op;
	int fused; /* act: forward and backward in one call */
	int a, b, dst, dst2;
	enum rnf_move move; /* no op: coef is widened to dst, or a narrowed to coef */
	struct rnf_operand coef; /* channel vector, or one vector an image */
	struct rnf_operand sum;  /* CHAIN_SUM: where an image's vector goes */
	int64_t acc;             /* sums: floats into the worker's accumulators */
	int64_t reduction;       /* CHAIN_REDUCE: floats into the phase's vector */
};

struct rnf_slot {
	struct rnf_operand operand; /* space NONE: a tile of its own */
	int temp;
};

struct rnf_chain {
	int64_t pixels, c, tile_pixels;
	struct rnf_slot *slots;
	size_t n_slots;
	struct rnf_stage *stages;
	size_t n_stages;
	int n_temps;
	int64_t acc_floats;
};

/* What a conv fetches for the steps after it: of its image, or of the next. */
struct rnf_ahead {
	struct rnf_operand operand;
	int next;
};
enum { RNF_AHEAD = 16 }; /* at most, of a step */

struct rnf_step {
	const struct rnf_op *op; /* of a chain: the op that asked for it */
	const struct rnf_chain *chain;
	enum rnf_move move; /* of op's output, whole: in[0] to out */
	struct rnf_operand in[RNF_OP_INPUTS], out;
	int64_t reduction; /* HEAVY_REDUCE: floats into the phase's vector */
	struct rnf_kernel kernel; /* convs */
	int64_t packed;           /* place of its weights when it packs them */
	int64_t leaf;             /* place of what it keeps during a leaf */
	struct rnf_ahead *ahead;
	size_t n_ahead;
};

/* An op that one thread runs when all images are through a phase. */
struct rnf_barrier {
	const struct rnf_op *op;
	struct rnf_operand in[RNF_OP_INPUTS], out;
};

struct rnf_phase {
	struct rnf_step *steps;
	size_t n_steps;
	struct rnf_barrier *barriers;
	size_t n_barriers;
	int64_t reductions, gradient; /* floats of its vector, and their place */
};

struct rnf_plan {
	const struct rnf_program *program;
	int64_t batch; /* capacity, images */
	struct rnf_phase *phases;
	size_t n_phases;
	struct rnf_barrier *prologue; /* fixed coefficients, before phase 0 */
	size_t n_prologue;
	struct rnf_operand *operands; /* of each value that has a place */
	char *stored;                 /* values in the arena */
	char *narrow;                 /* of these, the ones kept in bf16 */
	int64_t arena, scratch, channel, gradient; /* floats */
	int64_t max_reductions, tiles, accumulators;
	size_t kernel_scratch_bytes;
	int64_t leaf; /* floats that the steps of one phase keep during a leaf */
	const struct rnf_step **packs; /* steps whose kernel packs its weights */
	size_t n_packs;
	int64_t packed; /* floats of all packed weights */
};

/* `fused` 0: each op its own phase and everything stored, the oracle. */
rnf_status rnf_plan_make(const struct rnf_program *program,
			 const struct rnf_feature *backend, void *backend_self,
			 int64_t batch, int fused, struct rnf_plan **plan);
/* Names of the backend's kernels in it, each once; NULL: it has none. */
const char *rnf_plan_kernels(const struct rnf_plan *plan);
void rnf_plan_print(const struct rnf_plan *plan, FILE *out);
/* What kind of work a step is: "conv 3x3 16->16 at 32x32", a chain by its stages,
 * another op by its name; equal for steps that do the same. (print.c) */
const char *rnf_step_words(const struct rnf_plan *plan, const struct rnf_step *step);
/* The layer that it works for; of a chain, that of the op which asked for it. */
const char *rnf_step_label(const struct rnf_step *step);

/* -- between the files of this folder -- */

struct rnf_buffer {
	int64_t size, first, last; /* live from step (or phase) to step, both in */
	int64_t offset;
};
/* Place buffers so that two share bytes only if their lives do not touch;
 * returns the floats needed. (memory.c) */
int64_t rnf_memory_place(struct rnf_buffer *buffers, size_t n);

/* need[phase * n_ops + op]: the op runs in that phase (again, for clones);
 * stored[value]: a later phase reads it from the arena. (recompute.c) */
void rnf_recompute(const struct rnf_program *program, int fused, size_t n_phases,
		   char *need, char *stored);
int rnf_plan_depth(const struct rnf_program *program, int op, int fused);

struct rnf_planner {
	const struct rnf_program *p;
	struct rnf_plan *plan;
	int fused;
	char *need, *stored;
	struct rnf_kernel *kernels; /* of each op that is a conv */
	/* of the phase being built: */
	size_t phase;
	struct rnf_phase *out;
	char *done;               /* ops */
	/* Where the floats of each value are by now, and where its bf16; space NONE:
	 * nowhere. SCRATCH: an index into buffers. */
	struct rnf_operand *at, *narrow_at;
	struct rnf_buffer *buffers;
	size_t n_buffers;
};
static inline int rnf_needed(const struct rnf_planner *b, int op)
{
	return b->need[b->phase * b->p->n_ops + (size_t)op];
}
static inline int rnf_available(const struct rnf_planner *b, int value)
{
	return b->at[value].space || b->narrow_at[value].space;
}
/* Does the op read the bf16 of its input i? */
static inline int rnf_reads_narrow(const struct rnf_planner *b, int op, int i)
{
	return b->kernels[op].narrow_in >> i & 1;
}
/* The phase in which an op itself stands (clones stand later). */
int rnf_own_phase(const struct rnf_planner *b, int op);
/* Give the floats of a value a place, or its bf16: the arena if it is stored so,
 * else scratch of this phase. */
struct rnf_operand rnf_planner_place(struct rnf_planner *b, int value);
struct rnf_operand rnf_planner_place_narrow(struct rnf_planner *b, int value);
/* A value of any domain that exists already, as an operand; and its bf16. */
struct rnf_operand rnf_planner_operand(struct rnf_planner *b, int value);
struct rnf_operand rnf_planner_narrow(struct rnf_planner *b, int value);
/* Does this phase make the value, and keep it for later ones: as floats, as bf16? */
int rnf_planner_keeps(const struct rnf_planner *b, int value);
int rnf_planner_keeps_floats(const struct rnf_planner *b, int value);
int rnf_planner_keeps_narrow(const struct rnf_planner *b, int value);
struct rnf_step *rnf_planner_step(struct rnf_planner *b, int op);
/* Build the chain that makes op's output, with all that shares its values.
 * (chain.c) */
void rnf_chain_build(struct rnf_planner *b, int op);
/* The shape of the conv that an op runs, forward or backward; 0: it is none.
 * (kernel.c) */
int rnf_conv_shape_of(const struct rnf_program *program, const struct rnf_op *op,
		      struct rnf_conv_shape *shape);
/* Give each conv what to fetch. (ahead.c) */
void rnf_plan_ahead(struct rnf_plan *plan);
/* Choose the kernel of an op that is a conv. (kernel.c) */
rnf_status rnf_kernel_choose(const struct rnf_program *program,
			     const struct rnf_feature *backend, void *self,
			     const struct rnf_op *op, struct rnf_kernel *kernel);

#endif
