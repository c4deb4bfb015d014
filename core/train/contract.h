/* Checks at set-up what the plugins of an experiment promise: each breach is RNF_EPLUGIN,
 * with the plugin's name. [main] */
#ifndef RNF_TRAIN_CONTRACT_H
#define RNF_TRAIN_CONTRACT_H

#include "train/dataset.h"

/* What a data set's open() tells of classes and splits; the test split may be empty yet. A
 * name of a class that is no plain text is bad input. */
rnf_status rnf_contract_splits(const struct rnf_config *c, const struct rnf_dataset_info *info);
/* An opened data set: sizes and counts must make sense. One without images is bad input. */
rnf_status rnf_contract_dataset(const struct rnf_config *c, const struct rnf_dataset_info *info);
/* The loss on two rows of logits: finite, and probabilities that sum to 1. */
rnf_status rnf_contract_loss(const struct rnf_ref *loss, int64_t classes);
/* Draw the first values w[n] of a weight by its initializer: all set, all finite. */
rnf_status rnf_contract_fill(const struct rnf_model_weight *weight, struct rnf_random *random,
			     float *w);

#endif
