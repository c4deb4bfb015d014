/* A whole run. [main] */
#ifndef RNF_RUN_LOOP_H
#define RNF_RUN_LOOP_H

#include "run/checkpoint.h"

/* Train e in the folder of `checkpoints`: from the start or, with `from`, whose state e
 * holds already, from there. Steps are also logged to the file `log`, unless that is
 * NULL. RNF_ESTOPPED when a signal asked for the end. */
rnf_status rnf_train(struct rnf_experiment *e, struct rnf_checkpoints *checkpoints,
		     const struct rnf_progress *from, const char *log);

#endif
