/* Runs the ops between phases, on one thread, after all images. */
#include "exec/exec.h"

static float *place(const struct rnf_exec *exec, struct rnf_operand o)
{
	return exec->workers[0].base[o.space] + o.offset;
}

static struct rnf_batch_io io_of(const struct rnf_exec *exec, const struct rnf_op *op)
{
	const struct rnf_plan *plan = exec->plan;
	struct rnf_batch_io io = { .op = op, .images = exec->images,
		.c = plan->program->values[op->out].c / op->row->rows,
		.out = place(exec, plan->operands[op->out]) };
	for (int i = 0; i < op->n_in; i++)
		io.in[i] = place(exec, plan->operands[op->in[i]]);
	return io;
}

void rnf_batch_run(const struct rnf_exec *exec, const struct rnf_op *op)
{
	const struct rnf_batch_io io = io_of(exec, op);
	op->row->batch(&io);
}

/* Commit the ops that keep something for the next step, in their order. */
static const struct rnf_op *next_kept(const struct rnf_exec *exec, size_t *i)
{
	const struct rnf_program *p = exec->plan->program;
	while (*i < p->n_ops) {
		const struct rnf_op *op = &p->ops[(*i)++];
		if (op->row->commit) return op;
	}
	return NULL;
}

int rnf_exec_is_finite(const struct rnf_exec *exec)
{
	const struct rnf_op *op;
	for (size_t i = 0; (op = next_kept(exec, &i));) {
		const struct rnf_batch_io io = io_of(exec, op);
		if (!op->row->is_finite(&io)) return 0;
	}
	return 1;
}

void rnf_exec_commit(const struct rnf_exec *exec)
{
	const struct rnf_op *op;
	for (size_t i = 0; (op = next_kept(exec, &i));) {
		const struct rnf_batch_io io = io_of(exec, op);
		op->row->commit(&io);
	}
}
