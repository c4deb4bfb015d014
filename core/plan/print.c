/* What `rnframe plan` shows of a plan. */
#include "plan/plan.h"

static double megabytes(int64_t floats)
{
	return (double)floats * 4e-6;
}

static void print_chain(const struct rnf_chain *chain, FILE *out)
{
	for (size_t i = 0; i < chain->n_stages; i++) {
		const struct rnf_stage *s = &chain->stages[i];
		fprintf(out, "%s%s", i ? ", " : "",
			s->fused ? "act_fwd_bwd" : rnf_op_info[s->op->kind].name);
	}
	fprintf(out, "  (%lld pixels x %lld, %d tiles)", (long long)chain->pixels,
		(long long)chain->c, chain->n_temps);
}

static void print_step(const struct rnf_plan *plan, const struct rnf_step *step,
		       FILE *out)
{
	const struct rnf_program *p = plan->program;
	const struct rnf_op *op = step->op;
	if (step->chain) {
		fputs("   chain  ", out);
		print_chain(step->chain, out);
		fputc('\n', out);
		return;
	}
	const struct rnf_value *y = &p->values[op->out];
	fprintf(out, "   step   %s", rnf_op_info[op->kind].name);
	if (step->kernel.name)
		fprintf(out, " %lldx%lld/%lld -> %lld x %lld x %lld  %.2f M MAC  [%s]",
			(long long)op->window.kernel_h,
			(long long)op->window.kernel_w,
			(long long)op->window.stride, (long long)y->h,
			(long long)y->w, (long long)y->c,
			(double)rnf_op_macs(p, op) * 1e-6, step->kernel.name);
	fprintf(out, "  %s\n", op->label);
}

void rnf_plan_print(const struct rnf_plan *plan, FILE *out)
{
	size_t steps = 0;
	for (size_t i = 0; i < plan->n_phases; i++) {
		const struct rnf_phase *phase = &plan->phases[i];
		fprintf(out, "phase %zu: %zu steps, %lld sums, %zu barrier ops\n", i,
			phase->n_steps, (long long)phase->reductions,
			phase->n_barriers);
		for (size_t j = 0; j < phase->n_steps; j++)
			print_step(plan, &phase->steps[j], out);
		steps += phase->n_steps;
	}
	fprintf(out, "%s: %zu phases, %zu steps; batch arena %.1f MB at %lld images, "
		"scratch %.2f MB, kernel scratch %.2f MB and leaf %.2f MB a thread, "
		"sums %.2f MB, packed weights %.2f MB\n",
		plan->program->training ? "training" : "inference",
		plan->n_phases, steps, megabytes(plan->arena),
		(long long)plan->batch, megabytes(plan->scratch),
		(double)plan->kernel_scratch_bytes * 1e-6, megabytes(plan->leaf),
		megabytes(plan->gradient), megabytes(plan->packed));
}
