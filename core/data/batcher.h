/* Puts samples into a batch: reads, augments, converts to float. The result for an image
 * depends on (seed, epoch, sample) only, not on threads. */
#ifndef RNF_DATA_BATCHER_H
#define RNF_DATA_BATCHER_H

#include <rnframe/data.h>
#include "data/split.h"
#include "exec/threads.h"

struct rnf_batcher_conf {
	const struct rnf_dataset_impl *dataset;
	const void *self; /* of the dataset, as open() left it */
	const struct rnf_feature *feature; /* the dataset's, for messages; or NULL */
	const struct rnf_dataset_info *info;
	struct rnf_refs augment; /* features of kind "augment", in this order: frames first */
	int train_augment; /* 0: in training too only RNF_AUGMENT_ALWAYS */
	uint64_t seed;
	int64_t out_h, out_w; /* what the model takes */
};

struct rnf_batcher;

/* Allocate work buffers for pools of up to `workers` threads, until exit; the conf is
 * copied. Send one image through to check that it comes out as out_h x out_w, that mixing
 * augmentations stand where they can, and that each augmentation keeps its contract
 * (RNF_EPLUGIN). [main] */
rnf_status rnf_batcher_create(const struct rnf_batcher_conf *conf, int workers,
			      struct rnf_batcher **batcher);

/* Is the room that the augmentations ask for possible? Else RNF_EPLUGIN. Does one that
 * frames stand behind another? RNF_EINVAL. Call it before all below. [main] */
rnf_status rnf_batcher_check(const struct rnf_batcher_conf *conf);
/* The bytes of a batcher's buffers. */
double rnf_batcher_bytes(const struct rnf_batcher_conf *conf, int workers);

/* Write the images samples[0 .. n-1] of a split into x, image i as [out_h][out_w][c] at
 * x[i * stride], and their targets into target[n][classes], shared out over the threads
 * (NULL: the caller alone). `peers` are the training samples that augmentations may mix
 * in. */
void rnf_batch_fill(struct rnf_batcher *batcher, struct rnf_threads *threads,
		    const int64_t *samples, int split, int64_t n, int64_t epoch,
		    int training, const int64_t *peers, int64_t n_peers,
		    float *x, int64_t stride, float *target);

/* The first failure of the data set's read(), or breach of contract by it or an augmentation
 * (RNF_EPLUGIN, with its name), since the last call. [main] */
rnf_status rnf_batcher_breach(struct rnf_batcher *batcher);

#endif
