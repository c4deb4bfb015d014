/* What `rnframe plan` shows of a plan, and the words for a task. */
#include "base/arena.h"
#include "plan/planner.h"

static double megabytes(int64_t floats)
{
	return (double)floats * 4e-6;
}

static const char *const move_words[] = {
	[RNF_MOVE_WIDEN] = "widen", [RNF_MOVE_NARROW] = "narrow",
};

static const char *chain_words(const struct rnf_chain *chain)
{
	const char *words = "";
	for (size_t i = 0; i < chain->n_links; i++) {
		const struct rnf_link *s = &chain->links[i];
		words = rnf_format("%s%s%s", words, i ? ", " : "",
				   s->move ? move_words[s->move]
				   : s->forward >= 0 ? s->op->row->both_name
						     : s->op->row->name);
	}
	return words;
}

static const char *dilation_words(const struct rnf_window *w)
{
	return w->dilation == 1 ? "" : rnf_format(" dilated %lld", (long long)w->dilation);
}

static const char *conv_words(const char *name, const struct rnf_conv_shape *s)
{
	const struct rnf_window *w = &s->window;
	const char *stride = w->stride == 1 ? "" : rnf_format("/%lld", (long long)w->stride);
	const char *dilation = dilation_words(w);
	const char *groups = s->groups == 1 ? ""
		: rnf_format(" in %lld groups", (long long)s->groups);
	return rnf_format("%s %lldx%lld%s%s %lld->%lld%s at %lldx%lld", name,
			  (long long)w->kernel_h, (long long)w->kernel_w, stride, dilation,
			  (long long)s->c, (long long)s->k, groups, (long long)s->h,
			  (long long)s->w);
}

const char *rnf_task_words(const struct rnf_plan *plan, const struct rnf_task *task)
{
	struct rnf_conv_shape shape;
	const char *name = task->op->row->name;
	if (task->chain) return rnf_format("chain %s", chain_words(task->chain));
	if (task->move) return move_words[task->move];
	if (!task->op->row->conv) return name;
	task->op->row->conv(plan->program, task->op, &shape);
	return conv_words(name, &shape);
}

const char *rnf_task_label(const struct rnf_task *task)
{
	return task->op->label ? task->op->label : task->op->row->name;
}

static void print_task(const struct rnf_plan *plan, const struct rnf_task *task,
		       FILE *out)
{
	const struct rnf_program *p = plan->program;
	const struct rnf_op *op = task->op;
	if (task->chain) {
		const struct rnf_chain *chain = task->chain;
		fprintf(out, "   chain  %s  (%lld pixels x %lld, %d tiles)\n",
			chain_words(chain), (long long)chain->pixels,
			(long long)chain->c, chain->n_temps);
		return;
	}
	const struct rnf_value *y = &p->values[op->out];
	fprintf(out, "   task   %s", task->move ? move_words[task->move]
					  : op->row->name);
	if (task->kernel.name)
		fprintf(out, " %lldx%lld/%lld%s -> %lld x %lld x %lld  %.2f M MAC  [%s]",
			(long long)op->window.kernel_h,
			(long long)op->window.kernel_w,
			(long long)op->window.stride, dilation_words(&op->window), (long long)y->h,
			(long long)y->w, (long long)y->c,
			(double)rnf_op_macs(p, op) * 1e-6, task->kernel.name);
	fprintf(out, "  %s\n", op->label);
}

/* What stands for weights, and constants; a norm's coefficients are not worth a line. */
static void print_prologue(const struct rnf_plan *plan, FILE *out)
{
	for (size_t i = 0; i < plan->n_prologue; i++) {
		const struct rnf_op *op = plan->prologue[i];
		const struct rnf_value *y = &plan->program->values[op->out];
		if (rnf_class_of(op) == RNF_BATCH) continue;
		fprintf(out, "before the batch: %s of %lld values  %s\n", op->row->name,
			(long long)rnf_value_size(y), op->label);
	}
}

size_t rnf_plan_tasks(const struct rnf_plan *plan)
{
	size_t tasks = 0;
	for (size_t i = 0; i < plan->n_phases; i++)
		tasks += plan->phases[i].n_tasks;
	return tasks;
}

void rnf_plan_print(const struct rnf_plan *plan, FILE *out)
{
	print_prologue(plan, out);
	for (size_t i = 0; i < plan->n_phases; i++) {
		const struct rnf_phase *phase = &plan->phases[i];
		fprintf(out, "phase %zu: %zu tasks, %lld sums, %zu batch ops\n", i,
			phase->n_tasks, (long long)phase->reductions,
			phase->n_batch_ops);
		for (size_t j = 0; j < phase->n_tasks; j++)
			print_task(plan, &phase->tasks[j], out);
	}
	rnf_plan_print_total(plan, out);
}

void rnf_plan_print_total(const struct rnf_plan *plan, FILE *out)
{
	fprintf(out, "%s: %zu phases, %zu tasks; batch arena %.1f MB at %lld images, "
		"scratch %.2f MB, kernel scratch %.2f MB and leaf %.2f MB a thread, "
		"sums %.2f MB, packed weights %.2f MB\n",
		plan->program->training ? "training" : "inference",
		plan->n_phases, rnf_plan_tasks(plan), megabytes(plan->arena),
		(long long)plan->batch, megabytes(plan->scratch),
		(double)plan->kernel_scratch_bytes * 1e-6, megabytes(plan->leaf),
		megabytes(plan->gradient), megabytes(plan->packed));
}
