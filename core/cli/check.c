#include <math.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/machine.h"
#include "base/status.h"
#include "cli/cli.h"
#include "train/setup.h"
#include "train/step.h"
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

/* The first batch, as a training would have it. */
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

static void print(const struct rnf_experiment *e)
{
	const struct rnf_program *p = e->programs[0];
	const struct rnf_run run = rnf_training_run(e);
	const char *kernels = rnf_plan_kernels(e->plans[1]);
	printf("model    %s, %lld parameters, input %lld x %lld x %lld\n", e->conf.name,
	       (long long)rnf_program_parameters(p), (long long)e->hwc[0],
	       (long long)e->hwc[1], (long long)e->hwc[2]);
	printf("data     %s, %lld training, %lld validation and %lld test images of "
	       "%lld x %lld x %lld, %lld classes\n", e->conf.data->feature->name,
	       (long long)e->n_train, (long long)e->n_val,
	       (long long)e->info.images[RNF_SPLIT_TEST], (long long)e->info.h,
	       (long long)e->info.w, (long long)e->info.c, (long long)e->info.classes);
	printf("steps    %lld of %lld images an epoch, %lld epochs: %lld\n",
	       (long long)run.steps_per_epoch, (long long)e->conf.train.batch_size,
	       (long long)run.epochs, (long long)run.steps);
	printf("memory   %.0f MB besides the data; there are %.0f MB\n",
	       rnf_experiment_bytes(e, 1) * 1e-6,
	       (double)rnf_machine_memory() * 1e-6);
	printf("backend  %s, %s, threads %d, kernels %s\n",
	       e->backend ? e->backend->name : "plain",
	       rnf_precision_words[e->conf.precision], rnf_pool_threads(e->pool),
	       kernels ? kernels : "none");
}

/* The model needs no data where the data set tells its sizes without: both are
 * looked at, so that the mistakes of both are told. */
static rnf_status check(struct rnf_experiment *e, const struct rnf_options *o)
{
	RNF_TRY(rnf_experiment_read(e, o->conf, o->sets, o->n_sets));
	rnf_fail_aside(plan(e));
	if (!e->train) rnf_fail_aside(rnf_experiment_data(e));
	RNF_TRY(rnf_fail_all());
	RNF_TRY(rnf_experiment_start(e, 1));
	if (o->weights) RNF_TRY(rnf_weights_read(e, o->weights));
	RNF_TRY(fill_batch(e));
	print(e);
	return RNF_OK;
}

static rnf_status list_origins(struct rnf_experiment *e, const struct rnf_options *o)
{
	RNF_TRY(rnf_experiment_read(e, o->conf, o->sets, o->n_sets));
	RNF_TRY(rnf_experiment_expand(e->tree));
	rnf_conf_list(e->tree, stdout);
	return RNF_OK;
}

rnf_status rnf_verb_check(const struct rnf_options *o)
{
	struct rnf_experiment *e = rnf_alloc(sizeof *e);
	if (!o->conf) return rnf_fail(RNF_EINVAL, "check needs a conf");
	const rnf_status status = o->origin ? list_origins(e, o) : check(e, o);
	rnf_experiment_finish(e);
	return status;
}
