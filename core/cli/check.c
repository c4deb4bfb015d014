#include <stdio.h>

#include "base/arena.h"
#include "base/machine.h"
#include "base/status.h"
#include "cli/cli.h"
#include "train/setup.h"
#include "train/step.h"

static void print(const struct rnf_experiment *e)
{
	const struct rnf_program *p = e->model.programs[0];
	const struct rnf_dataset *d = &e->data;
	const struct rnf_run run = rnf_training_run(e);
	const char *kernels = rnf_plan_kernels(e->model.plans[1]);
	printf("model    %s, %lld parameters, input %lld x %lld x %lld\n", e->conf.root.name,
	       (long long)rnf_program_parameters(p), (long long)e->model.hwc[0],
	       (long long)e->model.hwc[1], (long long)e->model.hwc[2]);
	printf("data     %s, %lld training, %lld validation and %lld test images of "
	       "%lld x %lld x %lld, %lld class%s\n", e->conf.root.data->feature->name,
	       (long long)d->n_train, (long long)d->n_val,
	       (long long)d->info.images[RNF_SPLIT_TEST], (long long)d->info.h,
	       (long long)d->info.w, (long long)d->info.c, (long long)d->info.classes,
	       d->info.classes == 1 ? "" : "es");
	printf("steps    %lld of %lld images an epoch, %lld epochs: %lld\n",
	       (long long)run.steps_per_epoch, (long long)e->conf.root.train.batch_size,
	       (long long)run.epochs, (long long)run.steps);
	printf("memory   %.0f MB besides the data; there are %.0f MB\n",
	       rnf_experiment_bytes(e, 1) * 1e-6,
	       (double)rnf_machine_memory() * 1e-6);
	printf("backend  %s, %s, threads %d, kernels %s\n",
	       rnf_model_backend(&e->model),
	       rnf_precision_words[e->conf.root.precision], rnf_threads_count(e->session.threads),
	       kernels ? kernels : "none");
}

static rnf_status check(struct rnf_experiment *e, const struct rnf_options *o)
{
	RNF_TRY(rnf_config_read(&e->conf, o->conf, o->sets, o->n_sets));
	RNF_TRY(rnf_experiment_check(e));
	RNF_TRY(rnf_experiment_weights(e, o->weights));
	print(e);
	return RNF_OK;
}

static rnf_status list_origins(struct rnf_experiment *e, const struct rnf_options *o)
{
	RNF_TRY(rnf_config_read(&e->conf, o->conf, o->sets, o->n_sets));
	RNF_TRY(rnf_config_expand(e->conf.tree));
	rnf_conf_list(e->conf.tree, stdout);
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
