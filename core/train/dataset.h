/* Where the images come from: a data set, which of its images train, and what puts them
 * into batches. [main] */
#ifndef RNF_TRAIN_DATASET_H
#define RNF_TRAIN_DATASET_H

#include "data/batcher.h"
#include "train/config.h"

struct rnf_dataset {
	const struct rnf_dataset_impl *impl;
	void *self; /* as open() left it; NULL: its files are not open */
	struct rnf_dataset_info info;
	size_t framed; /* augmentations at the front that it has applied: `impl` decoded files */
	double bytes;  /* that these decoded images take */
	int64_t *train, *val; /* indices in the training files */
	int64_t n_train, n_val;
	struct rnf_batcher *batcher; /* NULL until the session starts */
};

/* Find, open and split the data set of a conf. */
rnf_status rnf_dataset_open(struct rnf_dataset *d, const struct rnf_config *c);
/* Find and open its files only: images are neither decoded nor split. */
rnf_status rnf_dataset_find(struct rnf_dataset *d, const struct rnf_config *c);
/* Its sizes as far as the conf tells them; without files. */
void rnf_dataset_describe(struct rnf_dataset *d, const struct rnf_config *c);
/* Get its sizes and classes; open it only when it cannot tell them without its files. */
rnf_status rnf_dataset_sizes(struct rnf_dataset *d, const struct rnf_config *c);

#endif
