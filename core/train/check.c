/* Everything that precedes a run. */
#include <math.h>

#include "base/arena.h"
#include "base/status.h"
#include "train/setup.h"
#include "train/weights.h"

static rnf_status plan(struct rnf_experiment *e)
{
	RNF_TRY(rnf_experiment_shapes(e));
	RNF_TRY(rnf_experiment_plan(e, 0, 1));
	return rnf_experiment_plan(e, 1, 1);
}

static rnf_status refuse_data(const struct rnf_experiment *e, const char *words)
{
	return rnf_fail(RNF_EINVAL, "%s%s", rnf_conf_place(rnf_conf_get(e->tree, "data")),
			words);
}

static rnf_status check_image(const struct rnf_experiment *e, const float *x, int64_t floats,
			      int64_t sample)
{
	for (int64_t i = 0; i < floats; i++)
		if (!isfinite(x[i]))
			return refuse_data(e, rnf_format("data.augment makes a pixel of "
					"training image %lld %g", (long long)sample,
					(double)x[i]));
	return RNF_OK;
}

/* The first batch, as a training would get it. */
static rnf_status fill_batch(struct rnf_experiment *e)
{
	const int64_t floats = e->hwc[0] * e->hwc[1] * e->hwc[2];
	const int64_t batch = e->plans[1]->batch;
	const int64_t n = e->n_train < batch ? e->n_train : batch;
	const int input = e->programs[1]->input;
	const int64_t stride = rnf_exec_stride(e->execs[1], input);
	float *x = rnf_exec_value(e->execs[1], input, 0);
	if (n == 0)
		return refuse_data(e, "no image is left to train on: see data.part and "
				   "data.validation");
	rnf_batch_fill(e->batcher, e->pool, e->train, RNF_SPLIT_TRAIN, n, 0, 1, e->train,
		       e->n_train, x, stride, e->eval_target);
	for (int64_t i = 0; i < n; i++)
		RNF_TRY(check_image(e, x + i * stride, floats, e->train[i]));
	return RNF_OK;
}

/* The model needs no data if the data set can tell its sizes without: check both, so that
 * the mistakes of both are reported. */
rnf_status rnf_experiment_check(struct rnf_experiment *e)
{
	rnf_fail_aside(plan(e));
	if (!e->train) rnf_fail_aside(rnf_experiment_data(e));
	RNF_TRY(rnf_fail_all());
	RNF_TRY(rnf_experiment_start(e, 1));
	RNF_TRY(rnf_weights_fit(e));
	return fill_batch(e);
}
