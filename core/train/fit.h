/* Do the configurations of an experiment's plugins fit to its data and its length? */
#ifndef RNF_TRAIN_FIT_H
#define RNF_TRAIN_FIT_H

#include "train/setup.h"

/* All that they refuse, a line each with its place in the conf; after data and shapes. Of a
 * training besides, as a warning: rates by which it learns nothing or less than asked for. */
rnf_status rnf_experiment_fit(const struct rnf_experiment *e, int training);

#endif
