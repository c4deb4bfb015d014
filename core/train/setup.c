#include "train/setup.h"

#include <string.h>

#include "base/arena.h"
#include "base/hands.h"
#include "base/machine.h"
#include "base/status.h"
#include "base/stream.h"
#include "data/find.h"
#include "data/map.h"
#include "plugin/answer.h"
#include "plugin/loader.h"
#include "train/contract.h"
#include "train/fit.h"
#include "train/weights.h"

const char *rnf_conf_dir = "conf";

static rnf_status choose_accuracy(struct rnf_experiment *e)
{
	const struct rnf_refs metrics = e->conf.train.metrics;
	const struct rnf_conf *train = rnf_conf_get(e->tree, "train");
	const struct rnf_conf *node = rnf_conf_get(train, "metrics");
	const char *place = rnf_conf_place(node ? node : train);
	if (metrics.n > RNF_METRICS_MAX)
		return rnf_fail(RNF_EINVAL, "%strain.metrics has %zu entries, may have %d",
				place, metrics.n, RNF_METRICS_MAX);
	for (e->accuracy = 0; e->accuracy < metrics.n; e->accuracy++) {
		const struct rnf_metric_impl *impl =
			metrics.at[e->accuracy]->feature->impl;
		if (impl->flags & RNF_METRIC_ACCURACY) return RNF_OK;
	}
	return rnf_fail(RNF_EINVAL, "%strain.metrics names none that gives the accuracy of logs "
			"and results: add \"accuracy\"", place);
}

rnf_status rnf_experiment_read(struct rnf_experiment *e, const char *path,
			       const char *const *overrides, size_t n)
{
	const rnf_status status = rnf_conf_gather(path, rnf_conf_dir, &e->tree);
	rnf_fail_aside(status);
	if (status < 0) return rnf_fail_all();
	RNF_TRY(rnf_loader_any()); /* one message instead of one for each plugin of the conf */
	for (size_t i = 0; i < n; i++)
		rnf_fail_aside(rnf_conf_override(e->tree, overrides[i], "--set", 0));
	return rnf_experiment_fill(e);
}

rnf_status rnf_experiment_fill(struct rnf_experiment *e)
{
	rnf_schema_register();
	RNF_TRY(rnf_param_fill(e->tree, &rnf_conf_root_params, &e->conf));
	e->data = e->conf.data->common;
	e->loss = e->conf.train.loss->feature->impl;
	return choose_accuracy(e);
}

/* Filling in defaults trusts the type of each value, which only filling the structs
 * checks. */
rnf_status rnf_experiment_expand(struct rnf_conf *tree)
{
	struct rnf_conf_root filled;
	rnf_schema_register();
	RNF_TRY(rnf_param_fill(tree, &rnf_conf_root_params, &filled));
	return rnf_param_expand(tree, &rnf_conf_root_params);
}

/* Every backend has fp32. */
static rnf_status check_precision(const struct rnf_experiment *e)
{
	const enum rnf_precision precision = (enum rnf_precision)e->conf.precision;
	const struct rnf_backend_impl *impl = e->backend ? e->backend->impl : NULL;
	const char *why;
	if (precision == RNF_PRECISION_FP32) return RNF_OK;
	if (impl && impl->offers) {
		if (impl->offers(e->backend_self, &rnf_host, precision) == RNF_OK)
			return RNF_OK;
		why = rnf_fail_line();
	} else {
		why = rnf_format("but the backend %s offers fp32 only",
				 impl ? e->backend->name : "of plain C");
	}
	return rnf_fail(RNF_EINVAL, "%sprecision is \"%s\", %s",
			rnf_conf_place(rnf_conf_get(e->tree, "precision")),
			rnf_precision_words[precision], why);
}

/* The backend of the highest score, or the one named. */
static rnf_status choose_backend(struct rnf_experiment *e)
{
	int best = 0;
	e->backend_chosen = 1;
	if (strcmp(e->conf.backend, "auto") != 0) {
		const rnf_status status =
			rnf_loader_find("backend", e->conf.backend, &e->backend);
		if (status < 0)
			return rnf_fail_in(status, "%sbackend: ", rnf_conf_place(
						   rnf_conf_get(e->tree, "backend")));
	} else {
		const struct rnf_feature **list;
		size_t n;
		RNF_TRY(rnf_loader_all("backend", &list, &n)); /* to skip one changes bits */
		for (size_t i = 0; i < n; i++) {
			const struct rnf_backend_impl *impl = list[i]->impl;
			const int score = impl->score();
			if (score > best) {
				best = score;
				e->backend = list[i];
			}
		}
		if (!e->backend) return check_precision(e); /* the core's plain kernels */
	}
	const struct rnf_backend_impl *impl = e->backend->impl;
	rnf_answer_begin();
	RNF_TRY(rnf_answer(e->backend, "open", impl->open(&rnf_host, NULL, &e->backend_self)));
	return check_precision(e);
}

static void describe(struct rnf_experiment *e)
{
	e->dataset = e->conf.data->feature->impl;
	if (e->dataset->describe)
		e->dataset->describe(e->conf.data->conf, &e->info);
}

/* Labels of training images, ids NULL: of 0 .. n-1. */
static int32_t *labels_of(const struct rnf_experiment *e, const int64_t *ids,
			  int64_t n)
{
	int32_t *labels = rnf_alloc((size_t)(n + 1) * sizeof *labels);
	for (int64_t i = 0; i < n; i++)
		e->dataset->read(e->dataset_self, RNF_SPLIT_TRAIN, ids ? ids[i] : i,
				 NULL, &labels[i]);
	return labels;
}

/* The images outside of data.part are split off and dropped. */
static rnf_status take_part(const struct rnf_experiment *e, uint64_t seed,
			    int64_t **ids, int64_t *n)
{
	const int32_t *labels = labels_of(e, NULL, *n);
	int64_t *others, n_others;
	return rnf_split(labels, *n, e->info.classes, 1 - e->data->part,
			 rnf_stream_key(seed, RNF_STREAM_PART, 0), ids, n, &others,
			 &n_others);
}

static rnf_status find_data(const struct rnf_experiment *e, struct rnf_blob **blobs)
{
	const struct rnf_conf *path = rnf_conf_get(rnf_conf_get(e->tree, "data"), "path");
	const rnf_status status = rnf_data_find(e->conf.data->feature, e->data->path, blobs);
	return status < 0 && path ? rnf_fail_in(status, "%sdata.path: ", rnf_conf_place(path))
				  : status;
}

static rnf_status open_data(struct rnf_experiment *e, const struct rnf_blob *blobs)
{
	const struct rnf_ref *data = e->conf.data;
	rnf_answer_begin();
	rnf_hands_lend(data->feature);
	const rnf_status status = e->dataset->open(&rnf_host, data->conf, blobs,
						   &e->dataset_self, &e->info);
	rnf_hands_lend(NULL);
	RNF_TRY(rnf_answer(data->feature, "open", status));
	return rnf_contract_dataset(e);
}

rnf_status rnf_experiment_data(struct rnf_experiment *e)
{
	struct rnf_blob *blobs = NULL;
	describe(e);
	RNF_TRY(find_data(e, &blobs));
	RNF_TRY(open_data(e, blobs));
	rnf_map_let_go(); /* a data set may have read every image, also of the test split */
	int64_t n = e->info.images[RNF_SPLIT_TRAIN];
	int64_t *ids = NULL; /* of the part; NULL: 0 .. n-1 */
	const uint64_t seed = (uint64_t)e->data->split_seed;
	if (e->data->part < 1) RNF_TRY(take_part(e, seed, &ids, &n));
	RNF_TRY(rnf_split(labels_of(e, ids, n), n, e->info.classes,
			  e->data->validation, seed, &e->train, &e->n_train, &e->val,
			  &e->n_val));
	for (int64_t i = 0; ids && i < e->n_train; i++)
		e->train[i] = ids[e->train[i]];
	for (int64_t i = 0; ids && i < e->n_val; i++)
		e->val[i] = ids[e->val[i]];
	if (e->data->validation > 0 && e->n_val == 0)
		rnf_log(RNF_LOG_WARNING, "data.validation: %g of each class is not "
			"one image; there is no validation", e->data->validation);
	return RNF_OK;
}

static rnf_status refuse_input(const struct rnf_experiment *e, const char *words)
{
	const struct rnf_conf *model = rnf_conf_get(e->tree, "model");
	return rnf_conf_fail(rnf_conf_get(model, "input"), "%s", words);
}

rnf_status rnf_experiment_shapes(struct rnf_experiment *e)
{
	const struct rnf_ints input = e->conf.model.input;
	if (!e->dataset) describe(e);
	if (e->info.classes == 0) RNF_TRY(rnf_experiment_data(e));
	const int64_t own[3] = { e->info.h, e->info.w, e->info.c };
	if (input.n != 0 && input.n != 3)
		return refuse_input(e, "three numbers are height, width, channels");
	for (int i = 0; i < 3; i++)
		e->hwc[i] = input.n ? input.at[i] : own[i];
	if (e->hwc[2] != e->info.c)
		return refuse_input(e, rnf_format("%lld channels, the data has %lld",
						  (long long)e->hwc[2], (long long)e->info.c));
	return RNF_OK;
}

rnf_status rnf_experiment_graph(struct rnf_experiment *e, int training)
{
	RNF_TRY(rnf_graph_build(&e->conf.model, e->hwc, e->info.classes, training,
				&e->programs[training]));
	return e->programs[0] && e->programs[1]
		? rnf_graph_same_weights(e->programs[0], e->programs[1]) : RNF_OK;
}

rnf_status rnf_experiment_plan(struct rnf_experiment *e, int training, int fused)
{
	struct rnf_program **p = &e->programs[training];
	if (!e->backend_chosen) RNF_TRY(choose_backend(e));
	RNF_TRY(rnf_experiment_graph(e, training));
	(*p)->precision = (enum rnf_precision)e->conf.precision;
	(*p)->recompute = (enum rnf_recompute)e->conf.train.recompute;
	if (training) RNF_TRY(rnf_graph_differentiate(*p));
	return rnf_plan_make(*p, e->backend, e->backend_self,
			     e->conf.train.batch_size, fused, &e->plans[training]);
}

/* Every weight has a stream of its own, keyed by seed and place. */
static rnf_status draw_weights(struct rnf_experiment *e)
{
	const struct rnf_program *p = e->programs[0];
	for (size_t i = 0; i < p->n_weights; i++) {
		const struct rnf_model_weight *w = &p->weights[i];
		float *at = e->weights + w->offset;
		struct rnf_random random = { rnf_stream_key((uint64_t)e->conf.seed,
						RNF_STREAM_WEIGHTS, i), 0 };
		if (w->initializer) {
			RNF_TRY(rnf_contract_fill(w, &random, at));
			continue;
		}
		for (int64_t k = 0; k < w->size; k++)
			at[k] = (float)w->value;
	}
	return RNF_OK;
}

rnf_status rnf_experiment_first_values(struct rnf_experiment *e)
{
	const size_t bytes = (size_t)e->programs[0]->block * sizeof(float);
	memset(e->weights, 0, bytes);
	for (size_t i = 0; i < RNF_SLOTS_MAX && e->slots[i]; i++)
		memset(e->slots[i], 0, bytes);
	e->numerics = (struct rnf_numerics){ 0 };
	return draw_weights(e);
}

static struct rnf_batcher_conf batcher_conf(const struct rnf_experiment *e)
{
	return (struct rnf_batcher_conf){
		.dataset = e->dataset, .self = e->dataset_self, .info = &e->info,
		.feature = e->conf.data->feature,
		.augment = e->data->augment,
		.train_augment = e->conf.train.augment,
		.seed = (uint64_t)e->conf.seed,
		.out_h = e->hwc[0], .out_w = e->hwc[1] };
}

static double augment_bytes(const struct rnf_experiment *e)
{
	const struct rnf_batcher_conf conf = batcher_conf(e);
	return rnf_batcher_bytes(&conf, rnf_pool_threads(e->pool));
}

static int keeps_snapshot(const struct rnf_experiment *e, int training)
{
	return training && e->conf.numerics.on_nonfinite == RNF_NONFINITE_ROLLBACK;
}

static double model_bytes(const struct rnf_experiment *e, int training)
{
	const struct rnf_optimizer_impl *optimizer =
		e->conf.train.optimizer->feature->impl;
	const int64_t state = 1 + (training ? (int64_t)optimizer->n_slots : 0);
	const int64_t blocks = keeps_snapshot(e, training) ? 2 * state : state;
	double bytes = 4 * (double)blocks * (double)e->programs[0]->block;
	for (int i = 0; i <= training; i++)
		bytes += rnf_exec_bytes(e->plans[i], rnf_pool_threads(e->pool));
	return bytes;
}

double rnf_experiment_bytes(const struct rnf_experiment *e, int training)
{
	return model_bytes(e, training) + augment_bytes(e);
}

/* Refuse rather than swap; name the key that needs most of it. */
static rnf_status check_memory(const struct rnf_experiment *e, int training)
{
	const double all = (double)rnf_machine_memory();
	const double model = model_bytes(e, training), augment = augment_bytes(e);
	const char *group = model >= augment ? "train" : "data";
	const char *key = model >= augment ? "batch_size" : "augment";
	if (model + augment <= all) return RNF_OK;
	const struct rnf_conf *parent = rnf_conf_get(e->tree, group);
	const struct rnf_conf *node = rnf_conf_get(parent, key);
	const char *what = model >= augment
		? rnf_format("%lld images", (long long)e->plans[0]->batch)
		: rnf_format("the largest images on the way, one a thread (of %d),",
			     rnf_pool_threads(e->pool));
	return rnf_fail(RNF_EINVAL, "%s%s.%s: %s take %.1f GB, there are %.1f GB",
			rnf_conf_place(node ? node : parent), group, key, what,
			(model + augment) * 1e-9, all * 1e-9);
}

rnf_status rnf_experiment_start(struct rnf_experiment *e, int training)
{
	const struct rnf_batcher_conf conf = batcher_conf(e);
	const struct rnf_optimizer_impl *optimizer =
		e->conf.train.optimizer->feature->impl;
	const size_t bytes = (size_t)e->programs[0]->block * sizeof(float);
	RNF_TRY(rnf_experiment_fit(e, training));
	RNF_TRY(rnf_contract_loss(e));
	e->pool = rnf_pool_create((int)e->conf.threads);
	if (e->conf.threads > rnf_machine_cpus())
		rnf_log(RNF_LOG_WARNING, "threads is %lld, this process has %d processors: they "
			"wait for each other", (long long)e->conf.threads, rnf_machine_cpus());
	RNF_TRY(rnf_batcher_check(&conf));
	RNF_TRY(check_memory(e, training));
	RNF_TRY(rnf_batcher_create(&conf, rnf_pool_threads(e->pool), &e->batcher));
	e->weights = rnf_alloc(bytes);
	for (size_t i = 0; training && i < optimizer->n_slots; i++)
		e->slots[i] = rnf_alloc(bytes);
	if (keeps_snapshot(e, training))
		for (size_t i = 0; i <= optimizer->n_slots; i++)
			e->snapshot[i] = rnf_alloc(bytes);
	RNF_TRY(rnf_experiment_first_values(e));
	rnf_weights_list(e);
	e->eval_ids = rnf_alloc((size_t)e->plans[0]->batch * sizeof *e->eval_ids);
	e->eval_target = rnf_alloc((size_t)(e->plans[0]->batch * e->info.classes) *
				   sizeof *e->eval_target);
	for (int i = 0; i <= training; i++) {
		e->execs[i] = rnf_exec_create(e->plans[i], e->pool, e->weights);
		e->execs[i]->loss = e->loss;
		e->execs[i]->loss_self = e->conf.train.loss->conf;
	}
	return RNF_OK;
}

rnf_status rnf_experiment_open(struct rnf_experiment *e, const char *path,
			       const char *const *overrides, size_t n)
{
	RNF_TRY(rnf_experiment_read(e, path, overrides, n));
	RNF_TRY(rnf_experiment_data(e));
	return rnf_experiment_shapes(e);
}

rnf_status rnf_experiment_build(struct rnf_experiment *e, int training)
{
	for (int i = 0; i <= training; i++)
		RNF_TRY(rnf_experiment_plan(e, i, 1));
	return rnf_experiment_start(e, training);
}

void rnf_experiment_finish(struct rnf_experiment *e)
{
	rnf_pool_destroy(e->pool);
	e->pool = NULL;
}

double rnf_l2_term(const struct rnf_experiment *e)
{
	const struct rnf_program *p = e->programs[0];
	double total = 0;
	for (size_t i = 0; i < p->n_weights; i++) {
		const struct rnf_model_weight *w = &p->weights[i];
		const float *at = e->weights + w->offset;
		double sum = 0;
		if (w->l2 == 0) continue;
		for (int64_t k = 0; k < w->size; k++)
			sum += (double)at[k] * at[k];
		total += w->l2 * sum;
	}
	return total;
}
