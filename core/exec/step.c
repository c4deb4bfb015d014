/* Steps that are not chains: convs by their kernel, the small ops in plain C. */
#include <stdatomic.h>
#include <string.h>

#include "exec/exec.h"
#include "kernel/matmul.h"
#include "kernel/narrow.h"
#include "kernel/pool.h"

struct view {
	const struct rnf_value *x, *x1, *y; /* first and second input, output */
	const float *a, *b;
	float *out;
};

static int64_t find_ahead(const struct rnf_worker *w, const struct rnf_step *s,
			  struct rnf_range ahead[RNF_AHEAD])
{
	int64_t n = 0;
	for (size_t i = 0; i < s->n_ahead; i++) {
		const struct rnf_ahead *a = &s->ahead[i];
		const int64_t images = a->next ? w->next - w->image : 0;
		if (a->next && w->next < 0) continue;
		ahead[n++] = (struct rnf_range){
			rnf_at(w, a->operand) + images * a->operand.stride,
			a->operand.stride };
	}
	return n;
}

static void conv(struct rnf_worker *w, const struct rnf_step *s,
		 const struct view *v)
{
	struct rnf_range ahead[RNF_AHEAD];
	const float *b = s->kernel.pack ? w->exec->packed + s->packed : v->b;
	const struct rnf_step_io io = {
		.in = { v->a, b }, .out = v->out,
		.scratch = w->kernel_scratch, .leaf = w->kept + s->leaf,
		.first = w->first, .last = w->last,
		.part = w->part, .parts = w->parts,
		.ahead = ahead, .n_ahead = find_ahead(w, s, ahead) };
	s->kernel.run(s->kernel.state, &io);
}

/* Channels of the inputs one after another, pixel by pixel. */
static void concat(struct rnf_worker *w, const struct rnf_step *s,
		   const struct view *v)
{
	const struct rnf_program *p = w->exec->plan->program;
	int64_t offset = 0;
	for (int i = 0; i < s->op->n_in; i++) {
		const int64_t c = p->values[s->op->in[i]].c;
		const float *in = rnf_at(w, s->in[i]);
		for (int64_t pixel = 0; pixel < v->y->h * v->y->w; pixel++)
			memcpy(v->out + pixel * v->y->c + offset, in + pixel * c,
			       (size_t)c * sizeof *in);
		offset += c;
	}
}

static void slice(const struct rnf_step *s, const struct view *v)
{
	for (int64_t pixel = 0; pixel < v->y->h * v->y->w; pixel++)
		memcpy(v->out + pixel * v->y->c,
		       v->a + pixel * v->x->c + s->op->offset,
		       (size_t)v->y->c * sizeof *v->a);
}

static void loss(struct rnf_worker *w, const struct rnf_step *s,
		 const struct view *v)
{
	const struct rnf_exec *exec = w->exec;
	const int64_t k = v->x->c;
	const float *target = exec->target + w->image * k;
	if (s->op->kind == RNF_OP_LOSS)
		*v->out = (float)exec->loss->loss(exec->loss_self, (size_t)k,
						  v->a, target);
	else
		exec->loss->gradient(exec->loss_self, (size_t)k, v->a, target,
				     1.0f / (float)exec->images, v->out);
}

static void small(struct rnf_worker *w, const struct rnf_step *s,
		  const struct view *v)
{
	const struct rnf_op *op = s->op;
	const int64_t pixels = v->x->h * v->x->w;
	switch (op->kind) {
	case RNF_OP_MATMUL:
		rnf_matmul_fwd(pixels, v->x->c, v->y->c, v->a, v->b, v->out);
		break;
	case RNF_OP_MATMUL_BWD_DATA:
		rnf_matmul_bwd_data(pixels, v->y->c, v->x->c, v->a, v->b, v->out);
		break;
	case RNF_OP_MATMUL_BWD_WEIGHTS:
		rnf_matmul_bwd_weights(pixels, v->x->c, v->x1->c, v->a, v->b,
				       v->out, w->first);
		break;
	case RNF_OP_AVGPOOL:
		rnf_avgpool_fwd(&op->window, v->x->h, v->x->w, v->x->c, v->a, v->out);
		break;
	case RNF_OP_AVGPOOL_BWD:
		rnf_avgpool_bwd(&op->window, v->y->h, v->y->w, v->y->c, v->a, v->out);
		break;
	case RNF_OP_MAXPOOL:
		rnf_maxpool_fwd(&op->window, v->x->h, v->x->w, v->x->c, v->a, v->out);
		break;
	case RNF_OP_MAXPOOL_BWD:
		rnf_maxpool_bwd(&op->window, v->y->h, v->y->w, v->y->c, v->a, v->b,
				v->out);
		break;
	case RNF_OP_CONCAT: concat(w, s, v); break;
	case RNF_OP_SLICE: slice(s, v); break;
	case RNF_OP_LOSS:
	case RNF_OP_LOSS_BWD: loss(w, s, v); break;
	default: break;
	}
}

static void move(struct rnf_worker *w, const struct rnf_step *s)
{
	const struct rnf_program *p = w->exec->plan->program;
	const int64_t n = rnf_value_size(&p->values[s->op->out]);
	float *in = rnf_at(w, s->in[0]), *out = rnf_at(w, s->out);
	if (s->move == RNF_MOVE_WIDEN) rnf_widen(n, (const uint16_t *)in, out);
	else rnf_narrow(n, in, (uint16_t *)out);
}

static void heavy(struct rnf_worker *w, const struct rnf_step *s)
{
	const struct rnf_program *p = w->exec->plan->program;
	const struct rnf_op *op = s->op;
	const struct view v = {
		.x = &p->values[op->in[0]], .x1 = &p->values[op->in[1]],
		.y = &p->values[op->out],
		.a = rnf_at(w, s->in[0]),
		.b = op->n_in > 1 ? rnf_at(w, s->in[1]) : NULL,
		.out = s->reduction >= 0 ? w->reduction + s->reduction
					 : rnf_at(w, s->out),
	};
	if (s->kernel.run) conv(w, s, &v);
	else small(w, s, &v);
}

void rnf_step_run(struct rnf_worker *w, const struct rnf_step *s)
{
	atomic_store_explicit(&w->op, s->op, memory_order_relaxed);
	if (s->chain) rnf_chain_run(w, s->chain);
	else if (s->move) move(w, s);
	else heavy(w, s);
}
