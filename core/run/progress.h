/* Where a run is, besides its tensors, and that as a text. [main] */
#ifndef RNF_RUN_PROGRESS_H
#define RNF_RUN_PROGRESS_H

#include "train/setup.h"

/* Sums over the images of the epoch that is under way. */
struct rnf_epoch_sums {
	double loss, data_loss, accuracy, seconds;
	int64_t images;
};

/* Where a run is, besides its tensors. */
struct rnf_progress {
	int64_t step, epochs; /* made, over the run; planned */
	double seconds;       /* that training took so far */
	struct rnf_epoch_sums sums;
	struct rnf_numerics numerics;
	struct rnf_epoch *history; /* of finished epochs */
	int64_t n_history;
};

/* As JSON, for free(); NULL: no memory. `may_go`: the checkpoint that carries it is
 * one of those of which only the newest stay. */
char *rnf_progress_text(const struct rnf_progress *p, int may_go);
/* Back; RNF_EINVAL with words on what makes no sense. */
rnf_status rnf_progress_read(const char *text, struct rnf_progress *p, int *may_go);

#endif
