/* Runs tasks that are not chains, by the kernel of a backend or by the row. */
#include <stdatomic.h>

#include "exec/exec.h"
#include "exec/narrow.h"

static int64_t find_ahead(const struct rnf_worker *w, const struct rnf_task *t,
			  struct rnf_range ahead[RNF_AHEAD])
{
	int64_t n = 0;
	for (size_t i = 0; i < t->n_ahead; i++) {
		const struct rnf_ahead *a = &t->ahead[i];
		const int64_t images = a->next ? w->next - w->image : 0;
		if (a->next && w->next < 0) continue;
		ahead[n++] = (struct rnf_range){
			rnf_at(w, a->operand) + images * a->operand.stride,
			a->operand.stride };
	}
	return n;
}

static void by_kernel(struct rnf_worker *w, const struct rnf_task *t, float *out)
{
	struct rnf_range ahead[RNF_AHEAD];
	const float *b = t->kernel.pack ? w->exec->packed + t->packed : rnf_at(w, t->in[1]);
	const struct rnf_kernel_io io = {
		.in = { rnf_at(w, t->in[0]), b }, .out = out,
		.scratch = w->kernel_scratch, .leaf = w->kept + t->leaf,
		.first = w->first, .last = w->last,
		.part = w->part, .parts = w->parts,
		.ahead = ahead, .n_ahead = find_ahead(w, t, ahead) };
	t->kernel.run(t->kernel.state, &io);
}

static void by_row(struct rnf_worker *w, const struct rnf_task *t, float *out)
{
	const struct rnf_exec *exec = w->exec;
	const struct rnf_op *op = t->op;
	const struct rnf_program *p = exec->plan->program;
	struct rnf_image_io io = {
		.op = op, .y = &p->values[op->out], .out = out, .first = w->first,
		.scratch = w->kernel_scratch, .key = exec->key,
		.sample = rnf_sample_of(w),
		.training = p->training,
		.images = exec->images, .target = exec->target,
		.loss = exec->loss, .loss_self = exec->loss_self };
	for (int i = 0; i < op->n_in; i++) {
		io.x[i] = &p->values[op->in[i]];
		io.in[i] = rnf_at(w, t->in[i]);
	}
	if (io.target) io.target += w->image * p->values[p->logits].c;
	op->row->image(&io);
}

static void move(struct rnf_worker *w, const struct rnf_task *t)
{
	const struct rnf_program *p = w->exec->plan->program;
	const int64_t n = rnf_value_size(&p->values[t->op->out]);
	float *in = rnf_at(w, t->in[0]), *out = rnf_at(w, t->out);
	if (t->move == RNF_MOVE_WIDEN) rnf_widen(n, (const uint16_t *)in, out);
	else rnf_narrow(n, in, (uint16_t *)out);
}

static void heavy(struct rnf_worker *w, const struct rnf_task *t)
{
	float *out = t->reduction >= 0 ? w->reduction + t->reduction : rnf_at(w, t->out);
	(t->kernel.run ? by_kernel : by_row)(w, t, out);
}

void rnf_task_run(struct rnf_worker *w, const struct rnf_task *t)
{
	atomic_store_explicit(&w->op, t->op, memory_order_relaxed);
	if (t->chain) rnf_chain_run(w, t->chain);
	else if (t->move) move(w, t);
	else heavy(w, t);
}
