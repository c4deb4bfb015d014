#include <stdio.h>

#include "base/arena.h"
#include "base/floats.h"
#include "base/status.h"
#include "cli/cli.h"
#include "train/setup.h"

static void print_model(const struct rnf_program *p)
{
	const int64_t trained = rnf_program_parameters(p);
	int64_t kept = -trained;
	for (size_t i = 0; i < p->n_weights; i++)
		kept += p->weights[i].size;
	for (size_t i = 0; i < p->n_ops; i++) {
		const struct rnf_op *op = &p->ops[i];
		const struct rnf_value *v = &p->values[op->out];
		if (v->domain == RNF_IMAGE)
			printf("%-12s %4lld x %4lld x %4lld  %s\n",
			       op->row->name, (long long)v->h,
			       (long long)v->w, (long long)v->c,
			       op->label ? op->label : "");
	}
	printf("model: %lld parameters and %lld running statistics, %.1f M MAC an image\n",
	       (long long)trained, (long long)kept, (double)rnf_program_macs(p) * 1e-6);
}

/* What train.freeze saves. */
static rnf_status print_frozen(const struct rnf_experiment *e)
{
	struct rnf_config c = e->conf;
	const struct rnf_model *m = &e->model;
	struct rnf_model all = { .classes = m->classes, .backend_chosen = 1, .backend = m->backend,
				 .backend_self = m->backend_self };
	const struct rnf_program *p = m->programs[1];
	if (c.root.model.freeze.n == 0) return RNF_OK;
	c.root.model.freeze.n = 0;
	for (int i = 0; i < 3; i++)
		all.hwc[i] = m->hwc[i];
	RNF_TRY(rnf_model_plan(&all, &c, 1, 1));
	printf("frozen: %lld of the parameters; training takes %zu phases, %zu steps and %.1f M "
	       "MAC an image, without train.freeze %zu, %zu and %.1f\n",
	       (long long)(rnf_program_parameters(p) - rnf_program_trained(p)),
	       m->plans[1]->n_phases, rnf_plan_steps(m->plans[1]),
	       (double)rnf_program_macs(p) * 1e-6, all.plans[1]->n_phases,
	       rnf_plan_steps(all.plans[1]), (double)rnf_program_macs(all.programs[1]) * 1e-6);
	return RNF_OK;
}

rnf_status rnf_verb_plan(const struct rnf_options *o)
{
	struct rnf_experiment *e = rnf_alloc(sizeof *e);
	if (!o->conf) return rnf_fail(RNF_EINVAL, "plan needs a conf");
	RNF_TRY(rnf_config_read(&e->conf, o->conf, o->sets, o->n_sets));
	RNF_TRY(rnf_experiment_shapes(e));
	RNF_TRY(rnf_model_plan(&e->model, &e->conf, 0, 1));
	RNF_TRY(rnf_model_plan(&e->model, &e->conf, 1, 1));
	print_model(e->model.programs[0]);
	RNF_TRY(print_frozen(e));
	rnf_plan_print(e->model.plans[1], stdout);
	rnf_plan_print(e->model.plans[0], stdout);
	printf("numbers: rounded to nearest, denormals %s, in every thread\n",
	       rnf_float_denormals());
	return RNF_OK;
}
