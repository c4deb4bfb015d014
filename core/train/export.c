#include "train/export.h"

#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "op/formula.h"
#include "train/view.h"
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
	struct rnf_view v = { .program = p, .what = what, .must = ops };
	RNF_TRY(rnf_view_fill(&v, e->session.tensors.at));
	*model = (struct rnf_export_model){
		.size = sizeof *model, .n_ops = (uint32_t)v.n_ops,
		.n_values = (uint32_t)v.n_values,
		.name = e->conf.root.name, .version = RNF_VERSION, .ops = v.ops,
		.values = v.values, .input = p->input, .logits = p->logits,
		.n_tensors = (uint32_t)e->session.tensors.n_model, .tensors = e->session.tensors.at,
		.parameters = rnf_program_parameters(p),
		.classes = e->model.classes, .names = e->data.info.names,
		.texts = texts, .n_texts = n_texts,
	};
	if (!ops) return RNF_OK;
	RNF_TRY(add_input(e, what, model));
	return add_predict(e, what, model);
}
