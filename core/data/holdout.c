#include "data/holdout.h"

#include "base/arena.h"
#include "base/status.h"
#include "base/stream.h"
#include "data/split.h"

struct holdout {
	const struct rnf_dataset_impl *dataset;
	const void *from;
	int64_t h, w; /* of all images, if they do not differ */
	int64_t *images[RNF_SPLITS]; /* their indices among the training images */
};

rnf_status rnf_holdout_open(const struct rnf_dataset_impl *dataset, const void *from,
			    uint64_t seed, struct rnf_dataset_info *info, void **self)
{
	struct holdout *h = rnf_alloc(sizeof *h);
	const int64_t n = info->images[RNF_SPLIT_TRAIN], drawn = n - info->validation;
	int32_t *labels = rnf_alloc((size_t)(n + 1) * sizeof *labels);
	int64_t *train;
	*h = (struct holdout){ .dataset = dataset, .from = from, .h = info->h, .w = info->w };
	for (int64_t i = 0; i < n; i++)
		RNF_TRY(dataset->read(from, RNF_SPLIT_TRAIN, i, NULL, &labels[i]));
	RNF_TRY(rnf_split(labels, drawn, info->classes, info->test,
			  rnf_stream_key(seed, RNF_STREAM_TEST, 0), &train,
			  &info->images[RNF_SPLIT_TRAIN], &h->images[RNF_SPLIT_TEST],
			  &info->images[RNF_SPLIT_TEST]));
	h->images[RNF_SPLIT_TRAIN] = rnf_alloc((size_t)(n + 1) * sizeof *train);
	for (int64_t i = 0; i < info->images[RNF_SPLIT_TRAIN]; i++)
		h->images[RNF_SPLIT_TRAIN][i] = train[i];
	for (int64_t i = drawn; i < n; i++) /* validation stays behind the training */
		h->images[RNF_SPLIT_TRAIN][info->images[RNF_SPLIT_TRAIN]++] = i;
	*self = h;
	return RNF_OK;
}

static rnf_status read_held(const void *self, int split, int64_t i, uint8_t *pixels, int32_t *label)
{
	const struct holdout *h = self;
	return h->dataset->read(h->from, RNF_SPLIT_TRAIN, h->images[split][i], pixels, label);
}

static const char *path_held(const void *self, int split, int64_t i)
{
	const struct holdout *h = self;
	if (!h->dataset->path) return NULL;
	return h->dataset->path(h->from, RNF_SPLIT_TRAIN, h->images[split][i]);
}

static void size_held(const void *self, int split, int64_t i, int64_t *h, int64_t *w)
{
	const struct holdout *held = self;
	*h = held->h;
	*w = held->w;
	if (held->dataset->size)
		held->dataset->size(held->from, RNF_SPLIT_TRAIN, held->images[split][i], h, w);
}

const struct rnf_dataset_impl rnf_holdout_dataset = {
	.read = read_held, .path = path_held, .size = size_held };
