#include "train/dataset.h"

#include "base/arena.h"
#include "base/running.h"
#include "base/status.h"
#include "base/stream.h"
#include "data/find.h"
#include "data/map.h"
#include "plugin/answer.h"
#include "train/contract.h"
#include "train/images.h"

void rnf_dataset_describe(struct rnf_dataset *d, const struct rnf_config *c)
{
	d->impl = c->root.data->feature->impl;
	if (d->impl->describe) d->impl->describe(c->root.data->conf, &d->info);
}

/* Labels of training images, ids NULL: of 0 .. n-1. */
static rnf_status labels_of(const struct rnf_dataset *d, const int64_t *ids, int64_t n,
			    int32_t **labels)
{
	*labels = rnf_alloc((size_t)(n + 1) * sizeof **labels);
	for (int64_t i = 0; i < n; i++)
		RNF_TRY(d->impl->read(d->self, RNF_SPLIT_TRAIN, ids ? ids[i] : i, NULL, *labels + i));
	return RNF_OK;
}

/* The images outside of data.part are split off and dropped. */
static rnf_status take_part(const struct rnf_dataset *d, double part, uint64_t seed,
			    int64_t **ids, int64_t *n)
{
	int32_t *labels;
	int64_t *others, n_others;
	RNF_TRY(labels_of(d, NULL, *n, &labels));
	return rnf_split(labels, *n, d->info.classes, 1 - part,
			 rnf_stream_key(seed, RNF_STREAM_PART, 0), ids, n, &others,
			 &n_others);
}

static rnf_status find_files(const struct rnf_config *c, struct rnf_blob **blobs)
{
	const struct rnf_conf *path = rnf_conf_get(rnf_conf_get(c->tree, "data"), "path");
	const struct rnf_dataset_impl *impl = c->root.data->feature->impl;
	if (impl->flags & RNF_DATASET_FOLDER) return rnf_images_folder(c, blobs);
	const rnf_status status = rnf_data_find(c->root.data->feature, c->data->path, blobs);
	return status < 0 && path ? rnf_fail_in(status, "%sdata.path: ", rnf_conf_place(path))
				  : status;
}

rnf_status rnf_dataset_find(struct rnf_dataset *d, const struct rnf_config *c)
{
	const struct rnf_ref *data = c->root.data;
	struct rnf_blob *blobs = NULL;
	rnf_dataset_describe(d, c);
	RNF_TRY(find_files(c, &blobs));
	rnf_answer_begin();
	rnf_running_set(data->feature);
	const rnf_status status = d->impl->open(&rnf_host, data->conf, blobs, &d->self, &d->info);
	rnf_running_set(NULL);
	RNF_TRY(rnf_answer(data->feature, "open", status));
	if (d->info.classes == 1)
		rnf_log(RNF_LOG_WARNING, "the data has one class: there is nothing to tell apart");
	return RNF_OK;
}

/* The data set's own: the last of its training images. */
static void take_validation(struct rnf_dataset *d)
{
	const int64_t first = d->info.images[RNF_SPLIT_TRAIN] - d->info.validation;
	d->n_val = d->info.validation;
	d->val = rnf_alloc((size_t)d->n_val * sizeof *d->val);
	for (int64_t i = 0; i < d->n_val; i++)
		d->val[i] = first + i;
}

static rnf_status split(struct rnf_dataset *d, const struct rnf_data_common *keys)
{
	int64_t n = d->info.images[RNF_SPLIT_TRAIN] - d->info.validation;
	int64_t *ids = NULL; /* of the part; NULL: 0 .. n-1 */
	int32_t *labels;
	const uint64_t seed = (uint64_t)keys->split_seed;
	const double validation = d->info.validation ? 0 : keys->validation;
	if (keys->part < 1) RNF_TRY(take_part(d, keys->part, seed, &ids, &n));
	RNF_TRY(labels_of(d, ids, n, &labels));
	RNF_TRY(rnf_split(labels, n, d->info.classes, validation, seed,
			  &d->train, &d->n_train, &d->val, &d->n_val));
	for (int64_t i = 0; ids && i < d->n_train; i++)
		d->train[i] = ids[d->train[i]];
	for (int64_t i = 0; ids && i < d->n_val; i++)
		d->val[i] = ids[d->val[i]];
	if (d->info.validation) take_validation(d);
	if (keys->validation > 0 && d->n_val == 0)
		rnf_log(RNF_LOG_WARNING, "data.validation: %g of each class is not "
			"one image; there is no validation", keys->validation);
	return RNF_OK;
}

rnf_status rnf_dataset_open(struct rnf_dataset *d, const struct rnf_config *c)
{
	RNF_TRY(rnf_dataset_find(d, c));
	RNF_TRY(rnf_images_open(d, c));
	RNF_TRY(rnf_contract_dataset(c, &d->info));
	rnf_map_let_go(); /* a data set may have read every image, also of the test split */
	return split(d, c->data);
}

rnf_status rnf_dataset_sizes(struct rnf_dataset *d, const struct rnf_config *c)
{
	if (!d->impl) rnf_dataset_describe(d, c);
	return d->info.classes == 0 ? rnf_dataset_open(d, c) : RNF_OK;
}
