/* Training steps once more, compared with what a run's log says of them. [main] */
#ifndef RNF_RUN_REPLAY_H
#define RNF_RUN_REPLAY_H

#include "run/checkpoint.h"

struct rnf_step_log { /* of steps.jsonl */
	double *loss; /* of step i + 1 */
	int64_t n;
};
/* All lines, which must be of the steps 1, 2, ... in this order. */
rnf_status rnf_step_log_read(const char *path, struct rnf_step_log *log);

struct rnf_replay {
	int64_t from, steps; /* steps made before; compared */
	int64_t equal;       /* losses with the same bits */
	int64_t first;       /* step of the first other one, 0: none */
	int64_t states, states_equal; /* checkpoints met on the way */
};
/* The steps of the log after those of `from` (NULL: from the first values), in an
 * experiment that is built for training. Tensors of the checkpoints in `list` are compared
 * when a step comes to them. */
rnf_status rnf_replay(struct rnf_experiment *e, const struct rnf_found *from,
		      const struct rnf_step_log *log, const struct rnf_found_list *list,
		      struct rnf_replay *result);

#endif
