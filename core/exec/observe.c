#include "exec/observe.h"

static void add(struct rnf_spread *spread, const struct rnf_op *op, const float *at,
		int64_t size)
{
	if (op->row->doubles)
		rnf_spread_add_doubles(spread, (const double *)(const void *)at, size / 2);
	else
		rnf_spread_add(spread, at, size);
}

/* The result of an op: a slice for each image, or one vector of the batch. */
static void look_at(const struct rnf_exec *exec, const struct rnf_op *op,
		    struct rnf_observed *observed)
{
	const struct rnf_value *v = &exec->plan->program->values[op->out];
	const int64_t size = rnf_value_size(v);
	const int64_t images = v->domain == RNF_IMAGE ? exec->images : 1;
	struct rnf_spread spread = rnf_spread_empty;
	if (exec->plan->operands[op->out].space == RNF_SPACE_NONE) return;
	for (int64_t i = 0; i < images; i++) {
		const int64_t before = rnf_spread_bad(&spread);
		add(&spread, op, rnf_exec_value(exec, op->out, i), size);
		if (before == 0 && rnf_spread_bad(&spread) > 0) observed->image = i;
	}
	if (rnf_spread_bad(&spread) == 0) return;
	observed->bad = op;
	observed->spread = spread;
}

/* In a plan without fusion, phase i is op i. */
static void look(struct rnf_exec *exec)
{
	struct rnf_observed *observed = exec->look_arg;
	const struct rnf_op *op = &exec->plan->program->ops[exec->phase];
	if (!observed->bad) look_at(exec, op, observed);
	if (rnf_float_mode() == rnf_float_mode_policy()) return;
	if (!observed->strayed) observed->strayed = op;
	rnf_float_mode_put(rnf_float_mode_policy());
}

void rnf_exec_observe(struct rnf_exec *exec, struct rnf_observed *observed)
{
	*observed = (struct rnf_observed){ 0 };
	exec->look = look;
	exec->look_arg = observed;
	rnf_exec_run(exec);
	exec->look = NULL;
}
