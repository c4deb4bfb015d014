/* A test split for a data set that has none: a share of the training images. */
#ifndef RNF_DATA_HOLDOUT_H
#define RNF_DATA_HOLDOUT_H

#include <rnframe/data.h>

/* Draw info->test of each class, a function of the seed; *info gets the numbers of both
 * splits. *self is for rnf_holdout_dataset, which reads from `dataset` and `from`. Labels
 * outside of info->classes fail. [main] */
rnf_status rnf_holdout_open(const struct rnf_dataset_impl *dataset, const void *from,
			    uint64_t seed, struct rnf_dataset_info *info, void **self);
extern const struct rnf_dataset_impl rnf_holdout_dataset;

#endif
