/* The position of a run, and its text form. [main] */
#ifndef RNF_RUN_PROGRESS_H
#define RNF_RUN_PROGRESS_H

#include "train/setup.h"

/* Sums over the images of the current epoch. */
struct rnf_epoch_sums {
	double loss, data_loss, accuracy, seconds;
	int64_t images;
};

/* The position of a run: everything besides its tensors. */
struct rnf_progress {
	int64_t step, epochs; /* made, over the run; planned */
	double seconds;       /* training time so far */
	struct rnf_epoch_sums sums;
	struct rnf_numerics numerics;
	struct rnf_epoch *history; /* of finished epochs */
	int64_t n_history;
};

/* As JSON, to be freed; NULL: no memory. `may_go`: the checkpoint may be removed when
 * newer ones exist. */
char *rnf_progress_text(const struct rnf_progress *p, int may_go);
/* Parse it; RNF_EINVAL with a message if it makes no sense. */
rnf_status rnf_progress_read(const char *text, struct rnf_progress *p, int *may_go);

#endif
