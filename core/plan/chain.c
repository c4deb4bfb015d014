/* Runs of pointwise ops to chains. A chain is built when something wants a
 * value: it takes the ops that make the value, then every ready sink (a sum, a
 * stored value, another step's operand) that shares a value with it. So
 * "affine, act forward and backward, BN sums" comes out by itself. */
#include <assert.h>
#include <string.h>

#include "base/arena.h"
#include "plan/planner.h"

struct weave {
	struct rnf_planner *b;
	struct rnf_chain *chain;
	int64_t h, w, c;
	char *in;     /* ops of the chain */
	char *touched;/* values that the chain reads or makes */
	int *slot;    /* of each value; -1 */
	int *uses;    /* readers inside the chain that are still to come */
	int *partner; /* act -> the act_bwd that is run with it; -1 */
	char busy[RNF_CHAIN_SLOTS + 1]; /* tiles in use */
};

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

/* Inputs that are one vector an image rather than a tile. */
static int is_vector(const struct rnf_op *op, int i)
{
	return (op->kind == RNF_OP_SCALE && i == 1) ||
	       (op->kind == RNF_OP_GLOBAL_AVG_BWD && i == 0);
}

static int is_tile(const struct weave *k, const struct rnf_op *op, int i)
{
	return k->b->p->values[op->in[i]].domain == RNF_IMAGE && !is_vector(op, i);
}

/* The value whose shape a chain with this op has. */
static const struct rnf_value *shape_of(const struct rnf_program *p,
					const struct rnf_op *op)
{
	return &p->values[rnf_class_of(op) == RNF_CHAIN ? op->out : op->in[0]];
}

/* Can op `id` be run in this chain, with what it still needs? Marks all of it
 * in `set`. */
static int reach(const struct weave *k, int id, char *set)
{
	const struct rnf_planner *b = k->b;
	const struct rnf_op *op = op_at(k, id);
	const struct rnf_value *shape = shape_of(b->p, op);
	if (set[id] || k->in[id]) return 1;
	if (!rnf_needed(b, id) || b->done[id] || !chainable(op)) return 0;
	if (shape->h != k->h || shape->w != k->w || shape->c != k->c) return 0;
	for (int i = 0; i < op->n_in; i++) {
		const int v = op->in[i], from = b->p->values[v].op;
		if (b->p->values[v].domain != RNF_IMAGE || rnf_available(b, v))
			continue;
		if (is_vector(op, i) || rnf_class_of(op_at(k, from)) != RNF_CHAIN ||
		    !reach(k, from, set))
			return 0;
	}
	set[id] = 1;
	return 1;
}

static void take(struct weave *k, const char *set)
{
	for (int id = 0; id < (int)k->b->p->n_ops; id++) {
		if (!set[id]) continue;
		const struct rnf_op *op = op_at(k, id);
		k->in[id] = 1;
		k->touched[op->out] = 1;
		for (int i = 0; i < op->n_in; i++)
			if (is_tile(k, op, i)) k->touched[op->in[i]] = 1;
	}
}

/* Does somebody outside want this op's result? */
static int is_sink(const struct weave *k, int id)
{
	const struct rnf_planner *b = k->b;
	const struct rnf_op *op = op_at(k, id);
	if (rnf_class_of(op) != RNF_CHAIN) return 1;
	if (rnf_planner_keeps(b, op->out)) return 1;
	for (int j = 0; j < (int)b->p->n_ops; j++) {
		const struct rnf_op *q = op_at(k, j);
		if (!rnf_needed(b, j) || chainable(q)) continue;
		for (int i = 0; i < q->n_in; i++)
			if (q->in[i] == op->out) return 1;
	}
	return 0;
}

static int shares(const struct weave *k, const char *set)
{
	for (int id = 0; id < (int)k->b->p->n_ops; id++) {
		if (!set[id]) continue;
		const struct rnf_op *op = op_at(k, id);
		for (int i = 0; i < op->n_in; i++)
			if (is_tile(k, op, i) && k->touched[op->in[i]]) return 1;
	}
	return 0;
}

static void absorb(struct weave *k, char *set)
{
	const size_t n = k->b->p->n_ops;
	for (int again = 1; again;) {
		again = 0;
		for (int id = 0; id < (int)n; id++) {
			if (k->in[id] || !chainable(op_at(k, id)) ||
			    !rnf_needed(k->b, id) || k->b->done[id] ||
			    !is_sink(k, id))
				continue;
			memset(set, 0, n);
			if (!reach(k, id, set) || !shares(k, set)) continue;
			take(k, set);
			again = 1;
		}
	}
}

/* Is op j the gradient of activation i, of no partner yet? */
static int is_gradient(const struct weave *k, int j, int i)
{
	const struct rnf_op *act = op_at(k, i), *back = op_at(k, j);
	if (!k->in[j] || back->kind != RNF_OP_ACT_BWD || back->in[0] != act->in[0] ||
	    back->act != act->act || back->self != act->self || back->node != act->node)
		return 0;
	for (int before = 0; before < i; before++)
		if (k->partner[before] == j) return 0;
	return 1;
}

static int first_reader(const struct weave *k, int value)
{
	const int n = (int)k->b->p->n_ops;
	for (int j = 0; j < n; j++)
		for (int a = 0; k->in[j] && a < op_at(k, j)->n_in; a++)
			if (op_at(k, j)->in[a] == value) return j;
	return n;
}

/* An activation and its gradient on the same input are one call, where nobody
 * in the chain wants the activation before the gradient arrives. */
static void pair(struct weave *k)
{
	const int n = (int)k->b->p->n_ops;
	for (int i = 0; i < n; i++) {
		k->partner[i] = -1;
		if (!k->in[i] || op_at(k, i)->kind != RNF_OP_ACT) continue;
		const int end = first_reader(k, op_at(k, i)->out);
		for (int j = i + 1; j < end; j++)
			if (is_gradient(k, j, i)) k->partner[i] = j;
	}
}

/* -- emission -- */

static int new_slot(struct weave *k, int value, struct rnf_operand operand)
{
	struct rnf_chain *chain = k->chain;
	int temp = -1;
	if (operand.space == RNF_SPACE_NONE) {
		for (temp = 0; temp < RNF_CHAIN_SLOTS && k->busy[temp]; temp++) {}
		k->busy[temp] = 1;
		if (temp >= chain->n_temps) chain->n_temps = temp + 1;
	}
	struct rnf_slot *slot =
		rnf_push((void **)&chain->slots, &chain->n_slots, sizeof *slot);
	*slot = (struct rnf_slot){ operand, temp };
	return k->slot[value] = (int)chain->n_slots - 1;
}

static void push_stage(struct weave *k, struct rnf_stage stage)
{
	*(struct rnf_stage *)rnf_push((void **)&k->chain->stages,
				      &k->chain->n_stages, sizeof stage) = stage;
}

/* Does a later step of this phase read the value: its floats, or its bf16? */
static int is_read(const struct weave *k, int value, int narrow)
{
	const struct rnf_planner *b = k->b;
	for (int j = 0; j < (int)b->p->n_ops; j++) {
		if (!rnf_needed(b, j) || b->done[j] || k->in[j]) continue;
		for (int i = 0; i < op_at(k, j)->n_in; i++)
			if (op_at(k, j)->in[i] == value && rnf_reads_narrow(b, j, i) == narrow)
				return 1;
	}
	return 0;
}

/* No op: tiles of bf16 to and from memory, of the value that op makes. */
static struct rnf_stage move_stage(const struct weave *k, int value, enum rnf_move move,
				   struct rnf_operand at)
{
	return (struct rnf_stage){ .op = op_at(k, k->b->p->values[value].op), .a = -1,
				   .b = -1, .dst = -1, .dst2 = -1, .move = move, .coef = at };
}

static const struct rnf_operand own_tile = { RNF_SPACE_NONE, 0, 0 };

/* Where its bf16 is wanted: to be stored, or by a conv. */
static void narrow(struct weave *k, int value)
{
	struct rnf_planner *b = k->b;
	if (b->narrow_at[value].space ||
	    !(rnf_planner_keeps_narrow(b, value) || is_read(k, value, 1)))
		return;
	struct rnf_stage stage = move_stage(k, value, RNF_MOVE_NARROW,
					    rnf_planner_place_narrow(b, value));
	stage.a = k->slot[value];
	push_stage(k, stage);
}

/* Of what another step has made. Floats in memory are written as bf16 by the first chain
 * that reads them. */
static int input_slot(struct weave *k, int value)
{
	struct rnf_planner *b = k->b;
	if (k->slot[value] >= 0) return k->slot[value];
	if (b->at[value].space) {
		new_slot(k, value, rnf_planner_operand(b, value));
		narrow(k, value);
		return k->slot[value];
	}
	struct rnf_stage widen = move_stage(k, value, RNF_MOVE_WIDEN,
					    rnf_planner_narrow(b, value));
	widen.dst = new_slot(k, value, own_tile);
	push_stage(k, widen);
	return widen.dst;
}

/* Its floats lie whole in memory where they are wanted so, else in a tile of the chain. */
static int output_slot(struct weave *k, int value)
{
	const int whole = rnf_planner_keeps_floats(k->b, value) || is_read(k, value, 0);
	return new_slot(k, value, whole ? rnf_planner_place(k->b, value) : own_tile);
}

/* One reader fewer; the last frees the tile. */
static void release(struct weave *k, int value)
{
	const int slot = k->slot[value];
	if (--k->uses[value] > 0 || slot < 0) return;
	if (k->chain->slots[slot].temp >= 0)
		k->busy[k->chain->slots[slot].temp] = 0;
}

static void sum_stage(struct weave *k, const struct rnf_op *op,
		      struct rnf_stage *stage)
{
	const struct rnf_value *out = &k->b->p->values[op->out];
	stage->acc = k->chain->acc_floats;
	k->chain->acc_floats += rnf_round16(out->c);
	if (rnf_class_of(op) == RNF_CHAIN_SUM)
		stage->sum = rnf_planner_place(k->b, op->out);
	else
		stage->reduction = rnf_planner_operand(k->b, op->out).offset -
				   k->b->out->gradient;
}

static void release_inputs(struct weave *k, const struct rnf_op *op)
{
	for (int i = 0; i < op->n_in; i++)
		if (is_tile(k, op, i)) release(k, op->in[i]);
}

/* The output's tile, and its bf16 where that is wanted. */
static void finish_op(struct weave *k, const struct rnf_op *op)
{
	k->b->done[op - k->b->p->ops] = 1;
	if (rnf_class_of(op) != RNF_CHAIN) return;
	narrow(k, op->out);
	if (k->uses[op->out] == 0) release(k, op->out);
}

static struct rnf_stage begin_stage(struct weave *k, const struct rnf_op *op)
{
	struct rnf_stage stage = { .op = op, .a = -1, .b = -1, .dst = -1,
				   .dst2 = -1 };
	for (int i = 0; i < op->n_in; i++) {
		if (!is_tile(k, op, i)) {
			stage.coef = rnf_planner_operand(k->b, op->in[i]);
			continue;
		}
		const int slot = input_slot(k, op->in[i]);
		if (stage.a < 0) stage.a = slot;
		else stage.b = slot;
	}
	return stage;
}

/* The result takes the tile of an input that nobody else reads: kernels work in place,
 * and what fits into L1 is little. Of an activation and its gradient at once, which a
 * plugin may have as two calls, the gradient alone. */
static void emit(struct weave *k, int id, const struct rnf_op *forward)
{
	const struct rnf_op *op = op_at(k, id);
	struct rnf_stage stage = begin_stage(k, op);
	if (forward) {
		stage.fused = 1;
		stage.dst2 = output_slot(k, forward->out);
	}
	release_inputs(k, op);
	if (rnf_class_of(op) == RNF_CHAIN) stage.dst = output_slot(k, op->out);
	else sum_stage(k, op, &stage);
	push_stage(k, stage);
	finish_op(k, op);
	if (!forward) return;
	finish_op(k, forward);
	release_inputs(k, forward);
}

static void emit_all(struct weave *k)
{
	const int n = (int)k->b->p->n_ops;
	for (int id = 0; id < n; id++) {
		const struct rnf_op *forward = NULL;
		if (!k->in[id] || k->partner[id] >= 0) continue;
		for (int i = 0; i < id; i++)
			if (k->in[i] && k->partner[i] == id) forward = op_at(k, i);
		emit(k, id, forward);
	}
}

/* What the ops of the chain need but cannot make inside it (one vector an image,
 * the sums of another chain) is made first, in steps of its own. */
static void make_vectors(struct weave *k, int id)
{
	struct rnf_planner *b = k->b;
	const struct rnf_op *op = op_at(k, id);
	for (int i = 0; i < op->n_in; i++) {
		const int v = op->in[i], from = b->p->values[v].op;
		if (b->p->values[v].domain != RNF_IMAGE || rnf_available(b, v))
			continue;
		if (is_vector(op, i) || rnf_class_of(op_at(k, from)) != RNF_CHAIN)
			rnf_chain_build(b, from);
		else
			make_vectors(k, from);
	}
}

static void count_uses(struct weave *k)
{
	for (int id = 0; id < (int)k->b->p->n_ops; id++)
		for (int i = 0; k->in[id] && i < op_at(k, id)->n_in; i++)
			if (is_tile(k, op_at(k, id), i))
				k->uses[op_at(k, id)->in[i]]++;
}

void rnf_chain_build(struct rnf_planner *b, int id)
{
	const size_t n = b->p->n_ops, n_values = b->p->n_values;
	const struct rnf_value *shape = shape_of(b->p, &b->p->ops[id]);
	struct weave k = { .b = b, .h = shape->h, .w = shape->w, .c = shape->c };
	char *set = rnf_alloc(n);
	k.in = rnf_alloc(n);
	k.partner = rnf_alloc(n * sizeof *k.partner);
	k.touched = rnf_alloc(n_values);
	k.slot = rnf_alloc(n_values * sizeof *k.slot);
	k.uses = rnf_alloc(n_values * sizeof *k.uses);
	memset(k.slot, -1, n_values * sizeof *k.slot);
	make_vectors(&k, id);
	k.chain = rnf_alloc(sizeof *k.chain);
	*k.chain = (struct rnf_chain){ .pixels = k.h * k.w, .c = k.c };
	k.chain->tile_pixels = RNF_TILE_FLOATS / k.c > 0 ? RNF_TILE_FLOATS / k.c : 1;
	if (k.chain->tile_pixels > k.chain->pixels)
		k.chain->tile_pixels = k.chain->pixels;
	const int reached = reach(&k, id, set);
	assert(reached && "every operand of a chain exists before it");
	(void)reached;
	take(&k, set);
	if (b->fused) absorb(&k, set);
	pair(&k);
	count_uses(&k);
	emit_all(&k);
	rnf_planner_step(b, id)->chain = k.chain;
}
