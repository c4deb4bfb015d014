/* Everything that precedes a run. */
#include <math.h>

#include "base/arena.h"
#include "base/status.h"
#include "train/setup.h"
#include "train/weights.h"

static rnf_status plan(struct rnf_experiment *e)
{
	RNF_TRY(rnf_experiment_shapes(e));
	RNF_TRY(rnf_model_plan(&e->model, &e->conf, 0, 1));
	return rnf_model_plan(&e->model, &e->conf, 1, 1);
}

static rnf_status refuse_data(const struct rnf_config *c, const char *words)
{
	return rnf_fail(RNF_EINVAL, "%s%s", rnf_conf_place(rnf_conf_get(c->tree, "data")), words);
}

static rnf_status check_image(const struct rnf_config *c, const float *x, int64_t floats,
			      int64_t sample)
{
	for (int64_t i = 0; i < floats; i++)
		if (!isfinite(x[i]))
			return refuse_data(c, rnf_format("data.augment makes a pixel of "
					"training image %lld %g", (long long)sample,
					(double)x[i]));
	return RNF_OK;
}

/* The first batch, as a training would get it. */
static rnf_status fill_batch(struct rnf_experiment *e)
{
	const struct rnf_dataset *d = &e->data;
	const struct rnf_exec *exec = e->session.execs[1];
	const int64_t *hwc = e->model.hwc, floats = hwc[0] * hwc[1] * hwc[2];
	const int64_t batch = exec->plan->batch, n = d->n_train < batch ? d->n_train : batch;
	const int input = exec->plan->program->input;
	const int64_t stride = rnf_exec_stride(exec, input);
	float *x = rnf_exec_value(exec, input, 0);
	if (n == 0)
		return refuse_data(&e->conf, "no image is left to train on: see data.part and "
				   "data.validation");
	rnf_batch_fill(d->batcher, e->session.threads, d->train, RNF_SPLIT_TRAIN, n, 0, 1, d->train,
		       d->n_train, x, stride, e->session.eval_target);
	RNF_TRY(rnf_batcher_breach(d->batcher));
	for (int64_t i = 0; i < n; i++)
		RNF_TRY(check_image(&e->conf, x + i * stride, floats, d->train[i]));
	return RNF_OK;
}

/* The model needs no data if the data set can tell its sizes without: check both, so that
 * the mistakes of both are reported. */
rnf_status rnf_experiment_check(struct rnf_experiment *e)
{
	rnf_fail_aside(plan(e));
	if (!e->data.train) rnf_fail_aside(rnf_dataset_open(&e->data, &e->conf));
	RNF_TRY(rnf_fail_all());
	RNF_TRY(rnf_experiment_start(e, 1));
	RNF_TRY(rnf_weights_fit(&e->session.tensors));
	return fill_batch(e);
}
