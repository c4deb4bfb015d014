/* Makes training steps again and compares them with a run's log. [main] */
#ifndef RNF_RUN_REPLAY_H
#define RNF_RUN_REPLAY_H

#include "run/saved.h"
#include "run/past.h"

struct rnf_step_log { /* of steps.jsonl */
	struct rnf_step_line {
		int64_t step;
		double loss;
	} *lines; /* by step, with gaps */
	size_t n_lines;
	int64_t n; /* the last step */
};
/* All whole lines. A log may lack lines for which a full disk had no room, or the first
 * ones, when the run began in another folder. */
rnf_status rnf_step_log_read(const char *path, struct rnf_step_log *log);

struct rnf_replay {
	int64_t from, made;  /* steps before; steps made */
	int64_t steps, equal; /* losses compared; losses with the same bits */
	int64_t first;       /* first step that differs, 0: none */
	int64_t states, states_equal; /* checkpoints passed on the way */
	int ended; /* its numbers ended the run */
};
/* Load a checkpoint's state into an experiment that is built for training: RNF_ENOENT
 * when the file is gone or has changed since it was listed. After a failure e has
 * the values that it began with. */
rnf_status rnf_replay_start(struct rnf_experiment *e, const struct rnf_saved *from);
/* Make the steps of the log after `from`, whose state e has, each under the length that
 * the run had then. Compare tensors with each checkpoint of `list` whose step is reached. */
rnf_status rnf_replay(struct rnf_experiment *e, int64_t from, const struct rnf_past *past,
		      const struct rnf_step_log *log, const struct rnf_saved_list *list,
		      struct rnf_replay *result);

#endif
