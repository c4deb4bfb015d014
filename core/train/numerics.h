/* Non-finite numbers: what happens to a step that has them, by numerics.on_nonfinite, and
 * whether a state may be saved. Depends on the numbers only, so it is the same for any
 * number of threads. [main] */
#ifndef RNF_TRAIN_NUMERICS_H
#define RNF_TRAIN_NUMERICS_H

#include "train/step.h"

/* More bad steps than these end a run: with skip, in a row; with rollback, since the last
 * epoch without one. */
enum { RNF_NONFINITE_MAX = 10 };

/* RNF_ENUMBER if a weight, a running statistic or the optimizer's state holds NaN or
 * infinity; *what is the first such tensor's name. */
rnf_status rnf_state_finite(const struct rnf_tensors *t, const char **what);

/* At the beginning of an epoch: take the snapshot for rollbacks. A run that is resumed
 * within an epoch has the snapshot from its checkpoint instead. */
void rnf_numerics_begin_epoch(struct rnf_session *s);
/* After each step: do what the conf wants for a bad one. RNF_ENUMBER: the run ends, the
 * message names the first bad value. RNF_EPLUGIN: a plugin has left another float mode. */
rnf_status rnf_numerics_step(const struct rnf_training_step *s,
			     const struct rnf_run *run);
/* After an epoch's last step, whose update may have been too large. */
rnf_status rnf_numerics_end_epoch(struct rnf_session *s, const struct rnf_run *run);
/* At the end of a run: log the number of bad steps, if any. */
void rnf_numerics_end(const struct rnf_session *s, const struct rnf_config *c,
		      const struct rnf_run *run);

#endif
