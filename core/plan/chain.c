/* Builds chains from runs of pointwise ops. A chain is built when something needs a value:
 * it takes the ops that make the value, then every ready sink (a sum, a stored value,
 * another task's operand) that shares a value with it. So "affine, act forward and
 * backward, BN sums" follows without a pattern for it. */
#include <assert.h>
#include <stdlib.h>

#include "base/arena.h"
#include "plan/planner.h"

/* Notes on an op and on a value while one chain is built. A note that has the number of an
 * earlier chain counts as empty. */
struct woven_op {
	int chain;
	int in;        /* part of the chain */
	int made;      /* its vectors are (make_vectors) */
	int reach;     /* can the chain run it? YES, NO; 0: not known yet */
	int spread;    /* spread() has visited it */
	int partner;   /* of an activation: the gradient that runs with it; -1: none */
	int forward;   /* of such a gradient: the activation; -1: none */
};
struct woven_value {
	int chain;
	int touched;   /* the chain reads or makes it */
	int strand;      /* -1: none */
	int uses;      /* readers inside the chain that have not run yet */
};
enum { YES = 1, NO };

/* Notes on all ops and values, used by one chain after another. */
struct rnf_weave {
	int chains; /* begun */
	struct woven_op *ops;
	struct woven_value *values;
};

struct weave {
	struct rnf_planner *b;
	struct rnf_chain *chain;
	int number;
	int64_t h, w; /* of all images of the chain; their channels may differ */
	struct rnf_op_list ops; /* of the chain, sorted once it is complete */
	struct { int *at; size_t n; } touched; /* values, in the order in which they were added */
	struct { char *at; size_t n; } busy; /* is each tile in use? */
};

struct rnf_weave *rnf_weave_create(struct rnf_planner *b)
{
	struct rnf_weave *weave = rnf_alloc(sizeof *weave);
	weave->ops = rnf_alloc(b->p->n_ops * sizeof *weave->ops);
	weave->values = rnf_alloc(b->p->n_values * sizeof *weave->values);
	return weave;
}

static struct woven_op *of_op(const struct weave *k, int id)
{
	struct woven_op *o = &k->b->weave->ops[id];
	if (o->chain != k->number)
		*o = (struct woven_op){ .chain = k->number, .partner = -1, .forward = -1 };
	return o;
}

static struct woven_value *of_value(const struct weave *k, int value)
{
	struct woven_value *v = &k->b->weave->values[value];
	if (v->chain != k->number)
		*v = (struct woven_value){ .chain = k->number, .strand = -1 };
	return v;
}

static const struct rnf_op *op_at(const struct weave *k, int id)
{
	return &k->b->p->ops[id];
}

static int chainable(const struct rnf_op *op)
{
	const enum rnf_op_class class = rnf_class_of(op);
	return class == RNF_CHAIN || class == RNF_CHAIN_SUM ||
	       class == RNF_CHAIN_REDUCE;
}

/* Is this input one vector an image rather than a tile? */
static int is_vector(const struct rnf_op *op, int i)
{
	const enum rnf_role role = op->row->in[i].role;
	return role == RNF_ROLE_VECTOR || role == RNF_ROLE_SCALAR;
}

static int is_tile(const struct weave *k, const struct rnf_op *op, int i)
{
	return k->b->p->values[op->in[i]].domain == RNF_IMAGE && !is_vector(op, i);
}

/* The value that gives a chain with this op its shape. */
static const struct rnf_value *shape_of(const struct rnf_program *p,
					const struct rnf_op *op)
{
	return &p->values[rnf_class_of(op) == RNF_CHAIN ? op->out : op->in[0]];
}

/* Must the chain make input i itself? */
static int is_missing(const struct weave *k, const struct rnf_op *op, int i)
{
	return k->b->p->values[op->in[i]].domain == RNF_IMAGE &&
	       !rnf_available(k->b, op->in[i]);
}

static int reach(const struct weave *k, int id);

/* Can the op join this chain, whose pixels it has: does the chain have or make all that it reads? */
static int can_reach(const struct weave *k, int id)
{
	const struct rnf_planner *b = k->b;
	const struct rnf_op *op = op_at(k, id);
	if (!rnf_needed(b, id) || b->done[id] || !chainable(op)) return 0;
	for (int i = 0; i < op->n_in; i++) {
		const int from = b->p->values[op->in[i]].op;
		if (is_missing(k, op, i) &&
		    (is_vector(op, i) || rnf_class_of(op_at(k, from)) != RNF_CHAIN ||
		     !reach(k, from)))
			return 0;
	}
	return 1;
}

/* Can this chain run op `id` and the ops that it still needs? */
static int reach(const struct weave *k, int id)
{
	if (!of_op(k, id)->reach) of_op(k, id)->reach = can_reach(k, id) ? YES : NO;
	return of_op(k, id)->reach == YES;
}

static void touch(struct weave *k, int value)
{
	if (of_value(k, value)->touched) return;
	of_value(k, value)->touched = 1;
	*(int *)rnf_push((void **)&k->touched.at, &k->touched.n, sizeof *k->touched.at) = value;
}

/* Add the op and the ops that it still needs. */
static void take(struct weave *k, int id)
{
	const struct rnf_op *op = op_at(k, id);
	if (of_op(k, id)->in) return;
	of_op(k, id)->in = 1;
	rnf_list_add(&k->ops, id);
	touch(k, op->out);
	for (int i = 0; i < op->n_in; i++) {
		if (is_missing(k, op, i)) take(k, k->b->p->values[op->in[i]].op);
		if (is_tile(k, op, i)) touch(k, op->in[i]);
	}
}

/* Is this op's result read outside of the chain? */
static int is_sink(const struct weave *k, int id)
{
	const struct rnf_planner *b = k->b;
	const struct rnf_op *op = op_at(k, id);
	const struct rnf_op_list *readers = &b->readers[op->out];
	if (rnf_class_of(op) != RNF_CHAIN) return 1;
	if (rnf_planner_keeps(b, op->out)) return 1;
	for (size_t j = 0; j < readers->n; j++)
		if (rnf_needed(b, readers->at[j]) && !chainable(op_at(k, readers->at[j])))
			return 1;
	return 0;
}

static int reads_tile(const struct weave *k, int id, int value)
{
	const struct rnf_op *op = op_at(k, id);
	for (int i = 0; i < op->n_in; i++)
		if (op->in[i] == value && is_tile(k, op, i)) return 1;
	return 0;
}

/* Walk from an op that reads a value of the chain to the sinks that depend on it. */
static void spread(struct weave *k, int id)
{
	const int out = op_at(k, id)->out;
	const struct rnf_op_list *readers = &k->b->readers[out];
	if (of_op(k, id)->in || of_op(k, id)->spread || !reach(k, id)) return;
	of_op(k, id)->spread = 1;
	if (is_sink(k, id)) {
		take(k, id);
		return; /* its readers are visited with the values of the chain */
	}
	if (rnf_available(k->b, out)) return;
	for (size_t j = 0; j < readers->n; j++)
		if (reads_tile(k, readers->at[j], out)) spread(k, readers->at[j]);
}

/* Each sink that is added brings more values: repeat until no other sink shares one. */
static void absorb(struct weave *k)
{
	for (size_t i = 0; i < k->touched.n; i++) {
		const int value = k->touched.at[i];
		const struct rnf_op_list *readers = &k->b->readers[value];
		for (size_t j = 0; j < readers->n; j++)
			if (reads_tile(k, readers->at[j], value)) spread(k, readers->at[j]);
	}
}

/* Is op j a gradient without a partner that can run with op i? */
static int is_gradient(const struct weave *k, int j, int i)
{
	const struct rnf_op *act = op_at(k, i), *back = op_at(k, j);
	return of_op(k, j)->in && of_op(k, j)->forward < 0 && back->row->partner == act->row &&
	       back->in[0] == act->in[0] && rnf_op_is_same(back, act);
}

/* The first reader in the chain; the number of ops if there is none. */
static int first_reader(const struct weave *k, int value)
{
	const struct rnf_op_list *readers = &k->b->readers[value];
	for (size_t j = 0; j < readers->n; j++)
		if (of_op(k, readers->at[j])->in) return readers->at[j];
	return (int)k->b->p->n_ops;
}

/* Pair an activation with the last gradient on the same input that stands before the
 * activation's first reader in the chain: both run in one call. */
static void pair_one(struct weave *k, int id)
{
	const int end = first_reader(k, op_at(k, id)->out);
	const struct rnf_op_list *readers = &k->b->readers[op_at(k, id)->in[0]];
	int partner = -1;
	for (size_t j = 0; j < readers->n && readers->at[j] < end; j++)
		if (readers->at[j] > id && is_gradient(k, readers->at[j], id))
			partner = readers->at[j];
	if (partner < 0) return;
	of_op(k, id)->partner = partner;
	of_op(k, partner)->forward = id;
}

static void pair(struct weave *k)
{
	for (size_t i = 0; i < k->ops.n; i++)
		pair_one(k, k->ops.at[i]);
}

/* -- emission -- */

static int new_strand(struct weave *k, int value, struct rnf_operand operand)
{
	struct rnf_chain *chain = k->chain;
	int temp = -1;
	if (operand.space == RNF_SPACE_NONE) {
		for (temp = 0; temp < chain->n_temps && k->busy.at[temp]; temp++) {}
		if (temp == chain->n_temps) {
			rnf_push((void **)&k->busy.at, &k->busy.n, 1);
			chain->n_temps++;
		}
		k->busy.at[temp] = 1;
	}
	struct rnf_strand *strand =
		rnf_push((void **)&chain->strands, &chain->n_strands, sizeof *strand);
	*strand = (struct rnf_strand){ operand, temp, k->b->p->values[value].c };
	return of_value(k, value)->strand = (int)chain->n_strands - 1;
}

static void push_link(struct weave *k, struct rnf_link link)
{
	*(struct rnf_link *)rnf_push((void **)&k->chain->links,
				      &k->chain->n_links, sizeof link) = link;
}

/* Does a later task of this phase read the value, as floats or as bf16? */
static int is_read(const struct weave *k, int value, int narrow)
{
	const struct rnf_planner *b = k->b;
	const struct rnf_op_list *readers = &b->readers[value];
	for (size_t j = 0; j < readers->n; j++) {
		const int id = readers->at[j];
		if (!rnf_needed(b, id) || b->done[id] || of_op(k, id)->in) continue;
		for (int i = 0; i < op_at(k, id)->n_in; i++)
			if (op_at(k, id)->in[i] == value &&
			    rnf_reads_narrow(b, id, i) == narrow)
				return 1;
	}
	return 0;
}

static struct rnf_link empty_link(const struct rnf_op *op)
{
	struct rnf_link link = { .op = op, .out = -1, .forward = -1 };
	for (int i = 0; i < RNF_OP_INPUTS; i++)
		link.in[i].strand = -1;
	return link;
}

/* A link without an op: widens or narrows tiles of a value that op makes. */
static struct rnf_link move_link(const struct weave *k, int value, enum rnf_move move,
				   struct rnf_operand at)
{
	struct rnf_link link = empty_link(op_at(k, k->b->p->values[value].op));
	link.c = k->b->p->values[value].c;
	link.move = move;
	link.in[0].whole = at;
	return link;
}

static const struct rnf_operand own_tile = { RNF_SPACE_NONE, 0, 0 };

/* The place for the value's bf16, if it is stored or a conv reads it. */
static void narrow(struct weave *k, int value)
{
	struct rnf_planner *b = k->b;
	if (b->narrow_at[value].space ||
	    !(rnf_planner_keeps_narrow(b, value) || is_read(k, value, 1)))
		return;
	struct rnf_link link = move_link(k, value, RNF_MOVE_NARROW,
					    rnf_planner_place_narrow(b, value));
	link.in[0].strand = of_value(k, value)->strand;
	push_link(k, link);
}

/* Narrow a value that another task has made: the first chain that reads its floats writes
 * its bf16. */
static int input_strand(struct weave *k, int value)
{
	struct rnf_planner *b = k->b;
	const int strand = of_value(k, value)->strand;
	if (strand >= 0) return strand;
	if (b->at[value].space) {
		const int whole = new_strand(k, value, rnf_planner_operand(b, value));
		narrow(k, value);
		return whole;
	}
	struct rnf_link widen = move_link(k, value, RNF_MOVE_WIDEN,
					    rnf_planner_narrow(b, value));
	widen.out = new_strand(k, value, own_tile);
	push_link(k, widen);
	return widen.out;
}

/* The value's floats: whole in memory if another task reads them there, else a tile of the
 * chain. */
static int output_strand(struct weave *k, int value)
{
	const int whole = rnf_planner_keeps_floats(k->b, value) || is_read(k, value, 0);
	return new_strand(k, value, whole ? rnf_planner_place(k->b, value) : own_tile);
}

/* A reader has run; after the last one the tile is free. */
static void release(struct weave *k, int value)
{
	struct woven_value *v = of_value(k, value);
	const int strand = v->strand;
	if (--v->uses > 0 || strand < 0) return;
	if (k->chain->strands[strand].temp >= 0)
		k->busy.at[k->chain->strands[strand].temp] = 0;
}

static void sum_link(struct weave *k, const struct rnf_op *op,
		      struct rnf_link *link)
{
	const struct rnf_value *out = &k->b->p->values[op->out];
	link->acc = k->chain->acc_floats;
	k->chain->acc_floats += rnf_round16(out->c);
	if (rnf_class_of(op) == RNF_CHAIN_SUM)
		link->sum = rnf_planner_place(k->b, op->out);
	else
		link->reduction = rnf_planner_operand(k->b, op->out).offset -
				   k->b->out->gradient;
}

/* May the output take the tile of input i? If the input has other channels than the output,
 * it would overwrite pixels that are still to be read. */
static int is_place(const struct weave *k, const struct rnf_op *op, int i)
{
	const struct rnf_value *values = k->b->p->values;
	return !op->row->apart && values[op->in[i]].c == values[op->out].c;
}

/* Release the inputs whose tiles the output may take (or the others). */
static void release_inputs(struct weave *k, const struct rnf_op *op, int places)
{
	for (int i = 0; i < op->n_in; i++)
		if (is_tile(k, op, i) && is_place(k, op, i) == places) release(k, op->in[i]);
}

/* Give the output its tile, and narrow it where its bf16 is read. */
static void finish_op(struct weave *k, const struct rnf_op *op)
{
	k->b->done[op - k->b->p->ops] = 1;
	if (rnf_class_of(op) != RNF_CHAIN) return;
	narrow(k, op->out);
	if (of_value(k, op->out)->uses == 0) release(k, op->out);
}

static struct rnf_link begin_link(struct weave *k, const struct rnf_op *op)
{
	struct rnf_link link = empty_link(op);
	link.c = shape_of(k->b->p, op)->c;
	for (int i = 0; i < op->n_in; i++)
		if (is_tile(k, op, i)) link.in[i].strand = input_strand(k, op->in[i]);
		else link.in[i].whole = rnf_planner_operand(k->b, op->in[i]);
	return link;
}

/* Where the row works in place, the result takes the tile of an input that has no other
 * reader, since L1 is small. When an activation and its gradient run together, which a
 * plugin may do in two calls, only the gradient does. */
static void emit(struct weave *k, int id, const struct rnf_op *forward)
{
	const struct rnf_op *op = op_at(k, id);
	struct rnf_link link = begin_link(k, op);
	if (forward) link.forward = output_strand(k, forward->out);
	release_inputs(k, op, 1);
	if (rnf_class_of(op) == RNF_CHAIN) link.out = output_strand(k, op->out);
	else sum_link(k, op, &link);
	release_inputs(k, op, 0);
	push_link(k, link);
	finish_op(k, op);
	if (!forward) return;
	finish_op(k, forward);
	release_inputs(k, forward, 0);
	release_inputs(k, forward, 1);
}

static void emit_all(struct weave *k)
{
	for (size_t i = 0; i < k->ops.n; i++) {
		const struct woven_op *o = of_op(k, k->ops.at[i]);
		if (o->partner >= 0) continue;
		emit(k, k->ops.at[i], o->forward < 0 ? NULL : op_at(k, o->forward));
	}
}

/* What the chain needs but cannot make (one vector an image, sums of another chain) is made
 * before it, in tasks of its own. */
static void make_vectors(struct weave *k, int id)
{
	const struct rnf_planner *b = k->b;
	const struct rnf_op *op = op_at(k, id);
	if (of_op(k, id)->made) return;
	for (int i = 0; i < op->n_in; i++) {
		const int from = b->p->values[op->in[i]].op;
		if (!is_missing(k, op, i)) continue;
		if (is_vector(op, i) || rnf_class_of(op_at(k, from)) != RNF_CHAIN)
			rnf_chain_build(k->b, from);
		else
			make_vectors(k, from);
	}
	of_op(k, id)->made = 1; /* chains built in between overwrite it */
}

static void count_uses(struct weave *k)
{
	for (size_t j = 0; j < k->ops.n; j++) {
		const struct rnf_op *op = op_at(k, k->ops.at[j]);
		for (int i = 0; i < op->n_in; i++)
			if (is_tile(k, op, i)) of_value(k, op->in[i])->uses++;
	}
}

static int ascending(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* Collect and sort the ops of the chain that makes op `id`. */
static void collect(struct weave *k, int id)
{
	const int reached = reach(k, id);
	assert(reached); /* every operand of a chain exists before it */
	(void)reached;
	take(k, id);
	if (k->b->fused) absorb(k);
	qsort(k->ops.at, k->ops.n, sizeof *k->ops.at, ascending);
}

/* Tiles consist of whole pixels, as many as fit with the channels of the widest strand. */
static void cut_tiles(struct weave *k)
{
	struct rnf_chain *chain = k->chain;
	for (size_t i = 0; i < k->touched.n; i++) {
		const struct rnf_value *v = &k->b->p->values[k->touched.at[i]];
		const int is_tiled = v->domain == RNF_IMAGE && v->h == k->h && v->w == k->w;
		if (is_tiled && v->c > chain->c) chain->c = v->c;
	}
	chain->tile_pixels = RNF_TILE_FLOATS / chain->c > 0 ? RNF_TILE_FLOATS / chain->c : 1;
	if (chain->tile_pixels > chain->pixels) chain->tile_pixels = chain->pixels;
}

void rnf_chain_build(struct rnf_planner *b, int id)
{
	const struct rnf_value *shape = shape_of(b->p, &b->p->ops[id]);
	struct weave k = { .b = b, .number = ++b->weave->chains, .h = shape->h,
			   .w = shape->w };
	make_vectors(&k, id);
	k.number = ++b->weave->chains; /* building others has made values available */
	k.chain = rnf_alloc(sizeof *k.chain);
	k.chain->pixels = k.h * k.w;
	collect(&k, id);
	cut_tiles(&k);
	pair(&k);
	count_uses(&k);
	emit_all(&k);
	rnf_planner_task(b, id)->chain = k.chain;
}
