#include "train/export.h"

#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "op/formula.h"
#include "train/weights.h"

rnf_status rnf_export_load(struct rnf_experiment *e, struct rnf_loaded *file)
{
	struct rnf_session *s = &e->session;
	RNF_TRY(rnf_model_graph(&e->model, &e->conf, 0));
	s->block = e->model.weights.block;
	s->weights = rnf_alloc((size_t)s->block * sizeof *s->weights);
	rnf_weights_list(s, &e->model, e->conf.root.train.optimizer->feature->impl);
	return rnf_weights_put(s, file);
}

struct view {
	const struct rnf_program *p;
	const char *what; /* the files, in messages */
	int must; /* each op must be one that files can hold */
	struct rnf_export_value *values;
	struct rnf_export_op *ops;
	size_t n;
};

/* -- tensors -- */

/* What is derived from weights is one of them here. */
static void derive(struct view *v, const struct rnf_op *op)
{
	const struct rnf_model_weight *w = rnf_tensor_of(v->p, op->out);
	struct rnf_named_tensor *to = rnf_alloc(sizeof *to);
	float *data = rnf_alloc((size_t)w->size * sizeof *data);
	struct rnf_barrier_io io = { .op = op, .c = w->size, .out = data };
	for (int i = 0; i < op->n_in; i++) /* fwd only reads them */
		io.in[i] = (float *)(uintptr_t)v->values[op->in[i]].tensor->data;
	op->row->barrier(&io);
	*to = (struct rnf_named_tensor){ .name = w->name, .rank = w->rank, .data = data };
	memcpy(to->shape, w->shape, sizeof w->shape);
	v->values[op->out].tensor = to;
}

static struct rnf_export_value *values_of(const struct rnf_experiment *e)
{
	const struct rnf_program *p = e->model.programs[0];
	struct rnf_export_value *to = rnf_alloc(p->n_values * sizeof *to);
	for (size_t i = 0; i < p->n_values; i++) {
		const struct rnf_value *v = &p->values[i];
		to[i] = (struct rnf_export_value){ v->h, v->w, v->c, NULL };
		if (v->weight >= 0) to[i].tensor = &e->session.tensors.at[v->weight];
	}
	return to;
}

/* -- ops -- */

/* Coefficients of a norm are no values of exports: what they are made of is. */
static int add_operand(const struct rnf_program *p, int value, int32_t *in, int n)
{
	const struct rnf_op *maker = rnf_op_of(p, value);
	if (p->values[value].domain != RNF_CHANNEL) {
		in[n] = value;
		return n + 1;
	}
	for (int i = 0; i < maker->n_in; i++)
		in[n + i] = maker->in[i];
	return n + maker->n_in;
}

static double eps_of(const struct rnf_program *p, const struct rnf_op *op)
{
	for (int i = 0; i < op->n_in; i++)
		if (p->values[op->in[i]].domain == RNF_CHANNEL)
			return rnf_op_of(p, op->in[i])->eps;
	return op->eps;
}

static rnf_status add_formula(struct view *v, const struct rnf_op *op, struct rnf_export_op *to)
{
	struct rnf_formula_writer w;
	struct rnf_formula_list list;
	if (!op->row->formula) return RNF_OK;
	rnf_formula_begin(&w, op->n_in);
	int32_t in[RNF_OP_INPUTS];
	for (int i = 0; i < op->n_in; i++)
		in[i] = i;
	const int32_t result = op->row->formula(op, &w.f, in);
	RNF_TRY(rnf_formula_end(&w, result, op->label, &list));
	to->formula = list.n ? list.at : NULL;
	to->n_formula = (uint32_t)list.n;
	if (list.n || !v->must) return RNF_OK;
	return rnf_fail(RNF_EUNSUP, "%s: %s has no formula, so %s cannot hold the model",
			op->label, op->row->words, v->what);
}

static rnf_status add_op(struct view *v, const struct rnf_op *op)
{
	int32_t *in = rnf_alloc(2 * RNF_OP_INPUTS * sizeof *in);
	int n = 0;
	for (int i = 0; i < op->n_in; i++)
		n = add_operand(v->p, op->in[i], in, n);
	struct rnf_export_op to = {
		.call = op->row->call, .label = op->label, .in = in, .n_in = (uint32_t)n,
		.out = op->out, .window = op->window, .groups = op->groups,
		.first = op->offset[0], .eps = eps_of(v->p, op),
	};
	RNF_TRY(add_formula(v, op, &to));
	struct rnf_export_op *last = rnf_push((void **)&v->ops, &v->n, sizeof *last);
	*last = to;
	return RNF_OK;
}

static rnf_status add_ops(struct view *v)
{
	for (size_t i = 0; i < v->p->n_ops; i++) {
		const struct rnf_op *op = &v->p->ops[i];
		const enum rnf_op_class class = op->row->class;
		if (class == RNF_DERIVED)
			derive(v, op);
		else if (class == RNF_CONSTANT && v->must)
			return rnf_fail(RNF_EUNSUP, "%s: it has an image that is the same for all, "
					"which %s cannot hold", op->label, v->what);
		else if (class != RNF_INPUT && class != RNF_TENSOR && class != RNF_CONSTANT &&
			 v->p->values[op->out].domain != RNF_CHANNEL)
			RNF_TRY(add_op(v, op));
	}
	return RNF_OK;
}

/* -- before the first op, and after the last -- */

/* One after the other: what the augmentations of evaluation do to a pixel. Frames bring
 * images to the model's size, which is left to the caller. */
static rnf_status add_input(const struct rnf_experiment *e, const char *what,
			    struct rnf_export_model *model)
{
	const struct rnf_refs augment = e->conf.data->augment;
	const size_t c = (size_t)e->model.hwc[2];
	float *scale = rnf_alloc(c * sizeof *scale), *shift = rnf_alloc(c * sizeof *shift);
	float *by = rnf_alloc(c * sizeof *by), *more = rnf_alloc(c * sizeof *more);
	for (size_t i = 0; i < c; i++)
		scale[i] = 1;
	for (size_t i = 0; i < augment.n; i++) {
		const struct rnf_augment_impl *impl = augment.at[i]->feature->impl;
		if (impl->frame || !(impl->flags & RNF_AUGMENT_ALWAYS)) continue;
		if (!impl->affine)
			return rnf_fail(RNF_EUNSUP, "%s: %s has no formula, so %s cannot hold the "
					"model", rnf_conf_path(augment.at[i]->node),
					augment.at[i]->feature->name, what);
		impl->affine(augment.at[i]->conf, (int64_t)c, by, more);
		for (size_t k = 0; k < c; k++) {
			scale[k] *= by[k];
			shift[k] = shift[k] * by[k] + more[k];
		}
	}
	model->scale = scale;
	model->shift = shift;
	return RNF_OK;
}

static rnf_status add_predict(const struct rnf_experiment *e, const char *what,
			      struct rnf_export_model *model)
{
	const struct rnf_ref *loss = e->conf.root.train.loss;
	struct rnf_formula_writer w;
	struct rnf_formula_list list;
	rnf_formula_begin(&w, 1);
	const int32_t result = e->conf.loss->formula ? e->conf.loss->formula(loss->conf, &w.f, 0) : -1;
	RNF_TRY(rnf_formula_end(&w, result, loss->feature->name, &list));
	if (!list.n)
		return rnf_fail(RNF_EUNSUP, "train.loss: %s has no formula, so %s cannot hold the "
				"model", loss->feature->name, what);
	model->predict = list.at;
	model->n_predict = (uint32_t)list.n;
	return RNF_OK;
}

rnf_status rnf_export_view(const struct rnf_experiment *e, const char *what, int ops,
			   const struct rnf_text *texts, size_t n_texts,
			   struct rnf_export_model *model)
{
	const struct rnf_program *p = e->model.programs[0];
	struct view v = { .p = p, .what = what, .must = ops, .values = values_of(e) };
	RNF_TRY(add_ops(&v));
	*model = (struct rnf_export_model){
		.size = sizeof *model, .n_ops = (uint32_t)v.n, .n_values = (uint32_t)p->n_values,
		.name = e->conf.root.name, .version = RNF_VERSION, .ops = v.ops,
		.values = v.values, .input = p->input, .logits = p->logits,
		.n_tensors = (uint32_t)e->session.tensors.n_model, .tensors = e->session.tensors.at,
		.classes = e->model.classes, .names = e->data.info.names,
		.texts = texts, .n_texts = n_texts,
	};
	if (!ops) return RNF_OK;
	RNF_TRY(add_input(e, what, model));
	return add_predict(e, what, model);
}
