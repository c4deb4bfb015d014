#include "train/setup.h"

#include "base/arena.h"
#include "base/machine.h"
#include "base/status.h"
#include "train/contract.h"
#include "train/fit.h"
#include "train/weights.h"

rnf_status rnf_experiment_shapes(struct rnf_experiment *e)
{
	RNF_TRY(rnf_dataset_sizes(&e->data, &e->conf));
	return rnf_model_input(&e->model, &e->conf, &e->data.info);
}

static struct rnf_batcher_conf batcher_conf(const struct rnf_experiment *e)
{
	const struct rnf_refs augment = e->conf.data->augment;
	return (struct rnf_batcher_conf){
		.dataset = e->data.impl, .self = e->data.self, .info = &e->data.info,
		.feature = e->conf.root.data->feature,
		.augment = { augment.at + e->data.framed, augment.n - e->data.framed },
		.train_augment = e->conf.root.train.augment,
		.seed = (uint64_t)e->conf.root.seed,
		.out_h = e->model.hwc[0], .out_w = e->model.hwc[1] };
}

/* -- memory -- */

static double augment_bytes(const struct rnf_experiment *e)
{
	const struct rnf_batcher_conf conf = batcher_conf(e);
	return rnf_batcher_bytes(&conf, rnf_threads_count(e->session.threads));
}

static double model_bytes(const struct rnf_experiment *e, int training)
{
	return rnf_session_bytes(&e->conf, &e->model, training,
				 rnf_threads_count(e->session.threads));
}

double rnf_experiment_bytes(const struct rnf_experiment *e, int training)
{
	return model_bytes(e, training) + augment_bytes(e);
}

/* Refuse rather than swap; name the key that needs most of it. */
static rnf_status check_memory(const struct rnf_experiment *e, int training)
{
	const double all = (double)rnf_machine_memory() - e->data.bytes;
	const double model = model_bytes(e, training), augment = augment_bytes(e);
	const char *group = model >= augment ? "train" : "data";
	const char *key = model >= augment ? "batch_size" : "augment";
	if (model + augment <= all) return RNF_OK;
	const struct rnf_conf *parent = rnf_conf_get(e->conf.tree, group);
	const struct rnf_conf *node = rnf_conf_get(parent, key);
	const char *what = model >= augment
		? rnf_format("%lld images", (long long)e->model.plans[0]->batch)
		: rnf_format("the largest images on the way, one a thread (of %d),",
			     rnf_threads_count(e->session.threads));
	return rnf_fail(RNF_EINVAL, "%s%s.%s: %s take %.1f GB, there are %.1f GB",
			rnf_conf_place(node ? node : parent), group, key, what,
			(model + augment) * 1e-9, all * 1e-9);
}

/* -- the start -- */

static struct rnf_threads *start_threads(const struct rnf_config *c)
{
	struct rnf_threads *threads = rnf_threads_create((int)c->root.threads);
	if (c->root.threads > rnf_machine_cpus())
		rnf_log(RNF_LOG_WARNING, "threads is %lld, this process has %d processors: they "
			"wait for each other", (long long)c->root.threads, rnf_machine_cpus());
	return threads;
}

rnf_status rnf_experiment_start(struct rnf_experiment *e, int training)
{
	const struct rnf_batcher_conf conf = batcher_conf(e);
	struct rnf_session *s = &e->session;
	RNF_TRY(rnf_experiment_fit(e, training));
	RNF_TRY(rnf_contract_loss(e->conf.root.train.loss, e->model.classes));
	s->threads = start_threads(&e->conf);
	RNF_TRY(rnf_batcher_check(&conf));
	RNF_TRY(check_memory(e, training));
	RNF_TRY(rnf_batcher_create(&conf, rnf_threads_count(s->threads), &e->data.batcher));
	rnf_session_create(s, &e->conf, &e->model, training);
	return rnf_session_first_values(s, &e->conf, &e->model);
}

rnf_status rnf_experiment_twin(const struct rnf_experiment *e, struct rnf_experiment *twin)
{
	const struct rnf_batcher_conf conf = batcher_conf(twin);
	rnf_session_twin(&e->session, &e->conf, &e->model, &twin->session);
	return rnf_batcher_create(&conf, rnf_threads_count(twin->session.threads),
				  &twin->data.batcher);
}

rnf_status rnf_experiment_data(struct rnf_experiment *e)
{
	RNF_TRY(rnf_dataset_open(&e->data, &e->conf));
	return rnf_experiment_shapes(e);
}

rnf_status rnf_experiment_open(struct rnf_experiment *e, const char *path,
			       const char *const *overrides, size_t n)
{
	RNF_TRY(rnf_config_read(&e->conf, path, overrides, n));
	return rnf_experiment_data(e);
}

rnf_status rnf_experiment_build(struct rnf_experiment *e, int training)
{
	for (int i = 0; i <= training; i++)
		RNF_TRY(rnf_model_plan(&e->model, &e->conf, i, 1));
	return rnf_experiment_start(e, training);
}

rnf_status rnf_experiment_weights(struct rnf_experiment *e, const char *file)
{
	const struct rnf_init_conf *init = &e->conf.root.train.init;
	const char *path = file ? file : init->weights;
	const struct rnf_conf *train = rnf_conf_get(e->conf.tree, "train");
	if (file && init->skip.n == 0) return rnf_weights_read(&e->session, file);
	if (path) return rnf_weights_take(&e->session, path, init->skip);
	if (init->skip.n == 0) return RNF_OK;
	return rnf_conf_fail(rnf_conf_get(rnf_conf_get(train, "init"), "skip"), "there is no file "
			     "to skip them in: set train.init.weights");
}

void rnf_experiment_finish(struct rnf_experiment *e)
{
	rnf_threads_destroy(e->session.threads);
	e->session.threads = NULL;
}
