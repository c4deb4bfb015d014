/* rnframe plan: what a conf's model is, and what runs for it. */
#include <stdio.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/floats.h"
#include "base/json.h"
#include "base/status.h"
#include "cli/cli.h"
#include "cli/summary.h"
#include "graph/picture.h"
#include "train/setup.h"

/* The ops of inference. */
static void print_ops(const struct rnf_program *p)
{
	for (size_t i = 0; i < p->n_ops; i++) {
		const struct rnf_op *op = &p->ops[i];
		const struct rnf_value *v = &p->values[op->out];
		if (v->domain == RNF_IMAGE)
			printf("%-12s %4lld x %4lld x %4lld  %s\n",
			       op->row->name, (long long)v->h,
			       (long long)v->w, (long long)v->c,
			       op->label ? op->label : "");
	}
}

static void print_model(const struct rnf_program *p)
{
	const int64_t trained = rnf_program_parameters(p);
	int64_t kept = -trained;
	for (size_t i = 0; i < p->n_weights; i++)
		kept += p->weights[i].size;
	printf("model: %lld parameters and %lld running statistics, %.1f M MAC an image\n",
	       (long long)trained, (long long)kept, (double)rnf_program_macs(p) * 1e-6);
}

/* What train.freeze saves: the same model is planned without it. */
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
	printf("frozen: %lld of the parameters; training takes %zu phases, %zu tasks and %.1f M "
	       "MAC an image, without train.freeze %zu, %zu and %.1f\n",
	       (long long)(rnf_program_parameters(p) - rnf_program_trained(p)),
	       m->plans[1]->n_phases, rnf_plan_tasks(m->plans[1]),
	       (double)rnf_program_macs(p) * 1e-6, all.plans[1]->n_phases,
	       rnf_plan_tasks(all.plans[1]), (double)rnf_program_macs(all.programs[1]) * 1e-6);
	return RNF_OK;
}

static void print_phases(const struct rnf_model *m)
{
	print_ops(m->programs[0]);
	rnf_plan_print(m->plans[1], stdout);
	rnf_plan_print(m->plans[0], stdout);
}

static rnf_status print(const struct rnf_experiment *e, int phases)
{
	const struct rnf_model *m = &e->model;
	rnf_summary_print(m->programs[0]);
	print_model(m->programs[0]);
	RNF_TRY(print_frozen(e));
	if (phases) print_phases(m);
	for (int training = 1; training >= 0 && !phases; training--)
		rnf_plan_print_total(m->plans[training], stdout);
	printf("numbers: rounded to nearest, denormals %s, in every thread\n",
	       rnf_float_denormals());
	return RNF_OK;
}

static json_t *plan_json(const struct rnf_plan *plan)
{
	return json_pack("{sI sI sI sI}", "phases", (json_int_t)plan->n_phases,
			 "tasks", (json_int_t)rnf_plan_tasks(plan), "batch", (json_int_t)plan->batch,
			 "arena_bytes", (json_int_t)(plan->arena * (int64_t)sizeof(float)));
}

static void print_json(const struct rnf_experiment *e)
{
	json_t *o = rnf_summary_json(e->model.programs[0]);
	json_object_set_new(o, "name", rnf_json_word(e->conf.root.name));
	json_object_set_new(o, "training", plan_json(e->model.plans[1]));
	json_object_set_new(o, "inference", plan_json(e->model.plans[0]));
	json_dumpf(o, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(o);
}

/* The program of training, where dropout and branches that inference folds are layers too. */
static rnf_status write_svg(const struct rnf_experiment *e, const char *path)
{
	const struct rnf_picture *picture = rnf_picture_of(e->model.programs[1]);
	FILE *f;
	RNF_TRY(rnf_file_create(path, &f));
	rnf_picture_svg(picture, e->conf.root.name, f);
	return rnf_file_close(path, f, RNF_OK);
}

rnf_status rnf_verb_plan(const struct rnf_options *o)
{
	struct rnf_experiment *e = rnf_alloc(sizeof *e);
	if (!o->conf) return rnf_fail(RNF_EINVAL, "plan needs a conf");
	if (o->json && o->phases)
		return rnf_fail(RNF_EINVAL, "plan takes --phases or --json, not both");
	RNF_TRY(rnf_outputs_check(o));
	RNF_TRY(rnf_config_read(&e->conf, o->conf, o->sets, o->n_sets));
	RNF_TRY(rnf_experiment_shapes(e));
	RNF_TRY(rnf_model_plan(&e->model, &e->conf, 0, 1));
	RNF_TRY(rnf_model_plan(&e->model, &e->conf, 1, 1));
	if (o->svg) RNF_TRY(write_svg(e, o->svg));
	if (!o->json) return print(e, o->phases != NULL);
	print_json(e);
	return RNF_OK;
}
