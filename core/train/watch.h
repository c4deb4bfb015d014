/* A model at work on training images, for exports that must know the ranges of its values. [main] */
#ifndef RNF_TRAIN_WATCH_H
#define RNF_TRAIN_WATCH_H

#include <rnframe/export.h>

#include "train/setup.h"

/* Let model->watch compute the model of `e`, which must live as long as the view. */
void rnf_watch_offer(const struct rnf_experiment *e, struct rnf_export_model *model);

#endif
