/* A chain over one image: tile after tile through all stages, in L1. */
#include <stdatomic.h>
#include <string.h>

#include "exec/exec.h"
#include "kernel/narrow.h"
#include "kernel/pointwise.h"

struct run {
	struct rnf_worker *w;
	const struct rnf_chain *chain;
	float *slots[RNF_CHAIN_SLOTS];
	int64_t first, pixels; /* of the tile */
};

static void activation(struct run *r, const struct rnf_stage *s, const float *a,
		       const float *b, float *dst, float *dst2)
{
	const struct rnf_exec *exec = r->w->exec;
	const struct rnf_op *op = s->op;
	const size_t n = (size_t)(r->pixels * r->chain->c);
	const struct rnf_tile tile = {
		.size = sizeof tile,
		.key = exec->key ^ op->node,
		.sample = exec->samples ? exec->samples[r->w->image] : 0,
		.offset = (uint64_t)(r->first * r->chain->c),
	};
	if (op->kind == RNF_OP_ACT) {
		op->act->fwd(op->self, &tile, n, a, dst);
	} else if (!s->fused) {
		op->act->bwd(op->self, &tile, n, a, b, dst);
	} else if (op->act->fwd_bwd) {
		op->act->fwd_bwd(op->self, &tile, n, a, b, dst2, dst);
	} else {
		op->act->fwd(op->self, &tile, n, a, dst2);
		op->act->bwd(op->self, &tile, n, a, b, dst);
	}
}

/* Around the image's first pixel, which lies behind the sums. */
static void stats(const struct run *r, const float *x, float *acc)
{
	const int64_t c = r->chain->c;
	if (r->first == 0) memcpy(acc + 2 * c, x, (size_t)c * sizeof *x);
	rnf_stats_tile(r->pixels, c, x, acc + 2 * c, acc);
}

static void move(struct run *r, const struct rnf_stage *s)
{
	const int64_t n = r->pixels * r->chain->c, at = r->first * r->chain->c;
	uint16_t *kept = (uint16_t *)rnf_at(r->w, s->coef) + at;
	if (s->move == RNF_MOVE_WIDEN) rnf_widen(n, kept, r->slots[s->dst]);
	else rnf_narrow(n, r->slots[s->a], kept);
}

static void stage(struct run *r, const struct rnf_stage *s)
{
	struct rnf_worker *w = r->w;
	atomic_store_explicit(&w->op, s->op, memory_order_relaxed);
	const int64_t p = r->pixels, c = r->chain->c;
	const float *a = s->a >= 0 ? r->slots[s->a] : NULL;
	const float *b = s->b >= 0 ? r->slots[s->b] : NULL;
	float *dst = s->dst >= 0 ? r->slots[s->dst] : NULL;
	float *dst2 = s->dst2 >= 0 ? r->slots[s->dst2] : NULL;
	const float *coef = s->coef.space ? rnf_at(w, s->coef) : NULL;
	float *acc = w->accumulators + s->acc;
	switch (s->op->kind) {
	case RNF_OP_BIAS: rnf_bias_tile(p, c, a, coef, dst); break;
	case RNF_OP_AFFINE: rnf_affine_tile(p, c, a, coef, dst); break;
	case RNF_OP_AFFINE_BWD: rnf_affine_bwd_tile(p, c, a, b, coef, dst); break;
	case RNF_OP_ACT:
	case RNF_OP_ACT_BWD: activation(r, s, a, b, dst, dst2); break;
	case RNF_OP_SCALE: rnf_scale_tile(p, c, a, coef, dst); break;
	case RNF_OP_ADD: rnf_add_tile(p * c, a, b, dst); break;
	case RNF_OP_GLOBAL_AVG_BWD:
		rnf_broadcast_tile(p, c, coef, 1.0f / (float)r->chain->pixels, dst);
		break;
	case RNF_OP_BIAS_BWD:
	case RNF_OP_GLOBAL_AVG: rnf_sum_tile(p, c, a, acc); break;
	case RNF_OP_STATS: stats(r, a, acc); break;
	case RNF_OP_BN_SUMS:
		rnf_bn_sums_tile(p, c, a, b, coef + RNF_NORM_MEAN * c, acc);
		break;
	case RNF_OP_DOT: rnf_dot_tile(p, c, a, b, acc); break;
	default: break;
	}
}

static void add_stats(const struct run *r, const float *acc, float *to)
{
	const int64_t c = r->chain->c;
	double *sums = (double *)(void *)to;
	if (r->w->first) memset(sums, 0, (size_t)(2 * c) * sizeof *sums);
	rnf_stats_add(c, r->chain->pixels, acc, acc + 2 * c, sums);
}

/* An image's sums go to their vector, or into the sum of the leaf. */
static void finish(struct run *r, const struct rnf_stage *s)
{
	struct rnf_worker *w = r->w;
	const enum rnf_op_class class = rnf_op_info[s->op->kind].class;
	const int64_t c = r->chain->c;
	const int pair = s->op->kind == RNF_OP_BN_SUMS;
	const float *acc = w->accumulators + s->acc;
	if (class == RNF_CHAIN_SUM) {
		const float factor = s->op->kind == RNF_OP_GLOBAL_AVG
			? 1.0f / (float)r->chain->pixels : 1.0f;
		rnf_broadcast_tile(1, c, acc, factor, rnf_at(w, s->sum));
	} else if (s->op->kind == RNF_OP_STATS) {
		add_stats(r, acc, w->reduction + s->reduction);
	} else if (class == RNF_CHAIN_REDUCE) {
		float *to = w->reduction + s->reduction;
		if (w->first) memcpy(to, acc, (size_t)(c << pair) * sizeof *to);
		else rnf_add_tile(c << pair, to, acc, to);
	}
}

static void tile(struct run *r, int64_t index)
{
	const struct rnf_chain *chain = r->chain;
	const int64_t temp = rnf_round16(chain->tile_pixels * chain->c);
	r->first = index * chain->tile_pixels;
	r->pixels = chain->pixels - r->first;
	if (r->pixels > chain->tile_pixels) r->pixels = chain->tile_pixels;
	for (size_t i = 0; i < chain->n_slots; i++) {
		const struct rnf_slot *slot = &chain->slots[i];
		r->slots[i] = slot->temp >= 0
			? r->w->tiles + slot->temp * temp
			: rnf_at(r->w, slot->operand) + r->first * chain->c;
	}
	for (size_t i = 0; i < chain->n_stages; i++)
		(chain->stages[i].move ? move : stage)(r, &chain->stages[i]);
}

/* A chain with sums is never cut in parts. */
void rnf_chain_run(struct rnf_worker *w, const struct rnf_chain *chain)
{
	struct run r = { .w = w, .chain = chain };
	const int64_t tiles =
		(chain->pixels + chain->tile_pixels - 1) / chain->tile_pixels;
	int64_t i, to;
	memset(w->accumulators, 0, (size_t)chain->acc_floats * sizeof(float));
	rnf_pool_share(tiles, w->part, w->parts, &i, &to);
	for (; i < to; i++)
		tile(&r, i);
	for (size_t k = 0; k < chain->n_stages; k++)
		if (!chain->stages[k].move) finish(&r, &chain->stages[k]);
}
