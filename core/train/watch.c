/* A second session on the same conf, whose plan is not fused: each primitive is then a phase,
 * and its result stays in memory until the next one. Its program numbers values as the exported
 * one does, since both come from one conf. */
#include "train/watch.h"

#include <string.h>

#include "base/arena.h"
#include "base/running.h"
#include "base/status.h"
#include "train/eval.h"

enum { BATCH = 8 }; /* a plan that is not fused keeps all values of each image */

struct watch {
	void (*seen)(void *self, int32_t value, const float *x);
	void *self;
};

/* In a plan without fusion, phase i is op i. */
static void look(struct rnf_exec *x)
{
	const struct watch *w = x->look_arg;
	const int value = x->plan->program->ops[x->phase].out;
	if (x->plan->program->values[value].domain != RNF_IMAGE) return;
	if (x->plan->operands[value].space == RNF_SPACE_NONE) return;
	for (int64_t i = 0; i < x->images; i++)
		w->seen(w->self, value, rnf_exec_value(x, value, i));
}

/* Blocks of one model have one layout. */
static void take_weights(struct rnf_session *s, const struct rnf_session *from)
{
	memcpy(s->weights, from->weights, (size_t)s->block * sizeof *s->weights);
	s->execs[0]->stale = 1;
}

static rnf_status start(struct rnf_experiment *e, const struct rnf_experiment *of)
{
	e->conf = of->conf;
	e->conf.root.train.batch_size = BATCH;
	RNF_TRY(rnf_dataset_open(&e->data, &e->conf));
	if (e->data.n_train == 0)
		return rnf_conf_fail(rnf_conf_get(e->conf.tree, "data"), "no training image is left "
				     "to take ranges from: see data.part and data.validation");
	RNF_TRY(rnf_experiment_shapes(e));
	RNF_TRY(rnf_model_plan(&e->model, &e->conf, 0, 0));
	RNF_TRY(rnf_experiment_start(e, 0));
	take_weights(&e->session, &of->session);
	return RNF_OK;
}

static int64_t *spread(const struct rnf_dataset *d, int64_t images)
{
	int64_t *samples = rnf_alloc((size_t)images * sizeof *samples);
	for (int64_t i = 0; i < images; i++)
		samples[i] = d->train[i * d->n_train / images];
	return samples;
}

static rnf_status compute(struct rnf_experiment *e, int64_t images, struct watch *w)
{
	struct rnf_exec *x = e->session.execs[0];
	const int64_t n = images < e->data.n_train ? images : e->data.n_train;
	const int64_t *samples = spread(&e->data, n);
	x->look = look;
	x->look_arg = w;
	for (int64_t from = 0; from < n; from += BATCH) {
		rnf_evaluation_fill(&e->session, &e->data, RNF_SPLIT_TRAIN, samples, from,
				    n - from < BATCH ? n - from : BATCH);
		rnf_exec_run(x);
	}
	return rnf_batcher_breach(e->data.batcher);
}

static rnf_status watch(const struct rnf_export_model *model, int64_t images,
			void (*seen)(void *self, int32_t value, const float *x), void *self)
{
	struct rnf_experiment *e = rnf_alloc(sizeof *e);
	struct watch w = { seen, self };
	const struct rnf_feature *before = rnf_running_set(NULL);
	rnf_status status = start(e, model->watched);
	if (status >= 0) status = compute(e, images, &w);
	rnf_experiment_finish(e);
	rnf_running_set(before);
	return status;
}

void rnf_watch_offer(const struct rnf_experiment *e, struct rnf_export_model *model)
{
	model->watch = watch;
	model->watched = e;
}
