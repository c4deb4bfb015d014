/* A model as the plugins of kind "export" see it: the inference program without what only
 * the planner needs. [main] */
#ifndef RNF_TRAIN_EXPORT_H
#define RNF_TRAIN_EXPORT_H

#include <rnframe/export.h>

#include "train/setup.h"
#include "train/weights.h"

/* After shapes(): build the inference program and take its weights from the file, without a
 * plan and without data. */
rnf_status rnf_export_load(struct rnf_experiment *e, struct rnf_loaded *file);
/* View what load() made; `what` names the files in messages. `ops` 0: the file holds tensors
 * alone, and a primitive without a formula is no reason to refuse. The texts must live as
 * long as the model. */
rnf_status rnf_export_view(const struct rnf_experiment *e, const char *what, int ops,
			   const struct rnf_text *texts, size_t n_texts,
			   struct rnf_export_model *model);

#endif
