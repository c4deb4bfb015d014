#include "train/model.h"

#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "base/stream.h"
#include "plugin/answer.h"
#include "plugin/loader.h"
#include "train/contract.h"

static rnf_status refuse_input(const struct rnf_config *c, const char *words)
{
	const struct rnf_conf *model = rnf_conf_get(c->tree, "model");
	return rnf_conf_fail(rnf_conf_get(model, "input"), "%s", words);
}

rnf_status rnf_model_input(struct rnf_model *m, const struct rnf_config *c,
			   const struct rnf_dataset_info *info)
{
	const struct rnf_ints input = c->root.model.input;
	const int64_t own[3] = { info->h, info->w, info->c };
	if (input.n != 0 && input.n != 3)
		return refuse_input(c, "three numbers are height, width, channels");
	for (int i = 0; i < 3; i++)
		m->hwc[i] = input.n ? input.at[i] : own[i];
	m->classes = info->classes;
	if (m->hwc[2] != info->c)
		return refuse_input(c, rnf_format("%lld channels, the data has %lld",
						  (long long)m->hwc[2], (long long)info->c));
	return RNF_OK;
}

/* -- the backend -- */

/* Every backend has fp32. */
static rnf_status check_precision(const struct rnf_model *m, const struct rnf_config *c)
{
	const enum rnf_precision precision = (enum rnf_precision)c->root.precision;
	const struct rnf_backend_impl *impl = m->backend ? m->backend->impl : NULL;
	const char *why;
	if (precision == RNF_PRECISION_FP32) return RNF_OK;
	if (impl && impl->offers) {
		if (impl->offers(m->backend_self, &rnf_host, precision) == RNF_OK)
			return RNF_OK;
		why = rnf_fail_line();
	} else {
		why = rnf_format("but the backend %s offers fp32 only",
				 impl ? m->backend->name : "of plain C");
	}
	return rnf_fail(RNF_EINVAL, "%sprecision is \"%s\", %s",
			rnf_conf_place(rnf_conf_get(c->tree, "precision")),
			rnf_precision_words[precision], why);
}

static rnf_status find_named(struct rnf_model *m, const struct rnf_config *c)
{
	const rnf_status status = rnf_loader_find("backend", c->root.backend, &m->backend);
	return status < 0 ? rnf_fail_in(status, "%sbackend: ", rnf_conf_place(
						rnf_conf_get(c->tree, "backend")))
			  : RNF_OK;
}

/* The one of the highest score; NULL: the core's plain kernels. */
static rnf_status find_best(struct rnf_model *m)
{
	const struct rnf_feature **list;
	size_t n;
	int best = 0;
	RNF_TRY(rnf_loader_all("backend", &list, &n)); /* to skip one changes bits */
	for (size_t i = 0; i < n; i++) {
		const struct rnf_backend_impl *impl = list[i]->impl;
		const int score = impl->score();
		if (score > best) {
			best = score;
			m->backend = list[i];
		}
	}
	return RNF_OK;
}

static rnf_status choose_backend(struct rnf_model *m, const struct rnf_config *c)
{
	m->backend_chosen = 1;
	RNF_TRY(strcmp(c->root.backend, "auto") ? find_named(m, c) : find_best(m));
	if (m->backend) {
		const struct rnf_backend_impl *impl = m->backend->impl;
		rnf_answer_begin();
		RNF_TRY(rnf_answer(m->backend, "open",
				   impl->open(&rnf_host, NULL, &m->backend_self)));
	}
	return check_precision(m, c);
}

const char *rnf_model_backend(const struct rnf_model *m)
{
	return m->backend ? m->backend->name : "plain";
}

/* -- programs and plans -- */

static rnf_status refuse_freeze(const struct rnf_config *c, const char *words)
{
	const struct rnf_conf *train = rnf_conf_get(c->tree, "train");
	return rnf_conf_fail(rnf_conf_get(train, "freeze"), "%s", words);
}

/* "stage1/1/conv" and "stage1.block": inside of "stage1". */
static int lies_in(const char *name, const char *label)
{
	const size_t n = strlen(label);
	return !strncmp(name, label, n) && (name[n] == '/' || name[n] == '.');
}

/* Names no layer: say which there are. */
static rnf_status check_frozen(const struct rnf_config *c, const char *name)
{
	const struct rnf_model_conf *model = &c->root.model;
	const char **labels = rnf_alloc((model->layers.n + 1) * sizeof *labels), *all = "";
	for (size_t i = 0; i < model->layers.n; i++) {
		labels[i] = rnf_graph_label(model, i);
		if (!strcmp(labels[i], name)) return RNF_OK;
		if (lies_in(name, labels[i]))
			return refuse_freeze(c, rnf_format("\"%s\" is a part of the layer \"%s\", of which "
				"all or nothing can be frozen", name, labels[i]));
		all = rnf_format("%s%s%s", all, i ? ", " : "", labels[i]);
	}
	const char *near = rnf_nearest(name, labels, model->layers.n);
	return refuse_freeze(c, near
		? rnf_format("no layer is called \"%s\" (did you mean \"%s\"?)", name, near)
		: rnf_format("no layer is called \"%s\"; there are %s", name, all));
}

rnf_status rnf_model_graph(struct rnf_model *m, const struct rnf_config *c, int training)
{
	const int first = !m->programs[0] && !m->programs[1];
	struct rnf_program **p = &m->programs[training];
	const struct rnf_strings freeze = c->root.model.freeze;
	for (size_t i = 0; i < freeze.n; i++)
		RNF_TRY(check_frozen(c, freeze.at[i]));
	RNF_TRY(rnf_graph_build(&c->root.model, m->hwc, m->classes, training, p));
	if (training && freeze.n > 0 && rnf_program_trained(*p) == 0)
		return refuse_freeze(c, "it names all layers that have weights: none is left to "
				     "train");
	if (!first) return rnf_graph_check_weights(&m->weights, *p);
	m->weights = rnf_graph_weights(*p);
	return RNF_OK;
}

rnf_status rnf_model_plan(struct rnf_model *m, const struct rnf_config *c, int training,
			  int fused)
{
	struct rnf_program **p = &m->programs[training];
	if (!m->backend_chosen) RNF_TRY(choose_backend(m, c));
	RNF_TRY(rnf_model_graph(m, c, training));
	(*p)->precision = (enum rnf_precision)c->root.precision;
	(*p)->recompute = (enum rnf_recompute)c->root.train.recompute;
	if (training) RNF_TRY(rnf_graph_differentiate(*p));
	return rnf_plan_make(*p, m->backend, m->backend_self,
			     c->root.train.batch_size, fused, &m->plans[training]);
}

/* -- weights -- */

rnf_status rnf_model_draw(const struct rnf_model *m, uint64_t seed, float *weights)
{
	for (size_t i = 0; i < m->weights.n; i++) {
		const struct rnf_model_weight *w = &m->weights.at[i];
		float *at = weights + w->offset;
		struct rnf_random random = { rnf_stream_key(seed, RNF_STREAM_WEIGHTS, i), 0 };
		if (w->initializer) {
			RNF_TRY(rnf_contract_fill(w, &random, at));
			continue;
		}
		for (int64_t k = 0; k < w->size; k++)
			at[k] = (float)w->value;
	}
	return RNF_OK;
}

double rnf_model_l2(const struct rnf_model *m, const float *weights)
{
	double total = 0;
	for (size_t i = 0; i < m->weights.n; i++) {
		const struct rnf_model_weight *w = &m->weights.at[i];
		const float *at = weights + w->offset;
		double sum = 0;
		if (w->l2 == 0) continue;
		for (int64_t k = 0; k < w->size; k++)
			sum += (double)at[k] * at[k];
		total += w->l2 * sum;
	}
	return total;
}
