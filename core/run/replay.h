/* Training steps once more, compared with what a run's log says of them. [main] */
#ifndef RNF_RUN_REPLAY_H
#define RNF_RUN_REPLAY_H

#include "run/saved.h"
#include "run/past.h"

struct rnf_step_log { /* of steps.jsonl */
	struct rnf_step_line {
		int64_t step;
		double loss;
	} *lines; /* in the order of steps, of which some may be missing */
	size_t n_lines;
	int64_t n; /* the last step */
};
/* All whole lines; a log may lack some that a full disk had no room for, or the first
 * ones, when the run began in another folder. */
rnf_status rnf_step_log_read(const char *path, struct rnf_step_log *log);

struct rnf_replay {
	int64_t from, made;  /* steps before; steps made */
	int64_t steps, equal; /* losses compared; with the same bits */
	int64_t first;       /* step of the first other one, 0: none */
	int64_t states, states_equal; /* checkpoints met on the way */
};
/* The state of a checkpoint into an experiment that is built for training: RNF_ENOENT
 * when it is gone, or another file by now, since it was looked at. */
rnf_status rnf_replay_start(struct rnf_experiment *e, const struct rnf_saved *from);
/* The steps of the log after `from`, whose state e has, each under the length that the
 * run had then. Tensors of the checkpoints in `list` are compared when a step comes to
 * them. */
rnf_status rnf_replay(struct rnf_experiment *e, int64_t from, const struct rnf_past *past,
		      const struct rnf_step_log *log, const struct rnf_saved_list *list,
		      struct rnf_replay *result);

#endif
