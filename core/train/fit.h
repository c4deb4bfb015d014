/* Checks that the configurations of an experiment's plugins fit its data and its length. */
#ifndef RNF_TRAIN_FIT_H
#define RNF_TRAIN_FIT_H

#include "train/setup.h"

/* Report all refusals, a line each with its place in the conf; call it after data and
 * shapes. For a training, also warn about rates by which it learns nothing or less than
 * asked. */
rnf_status rnf_experiment_fit(const struct rnf_experiment *e, int training);

#endif
