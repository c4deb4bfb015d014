/* Checkpoints: one file each, from which a run resumes with the same bits. A file holds
 * the weights, the running statistics and the optimizer's state as tensors; and as texts
 * the conf, the digests of the plugins and the run's position. Random numbers are
 * functions of the conf's seed and of the position, so there is no generator state.
 * Sources: the protocol of drafts is SQLite's and llm.c's, one file instead of a marker.
 * [main] */
#ifndef RNF_RUN_CHECKPOINT_H
#define RNF_RUN_CHECKPOINT_H

#include <limits.h>

#include "run/saved.h"
#include "run/texts.h"

/* The checkpoints of a run folder. */
struct rnf_checkpoints {
	const struct rnf_tensors *tensors; /* of the session */
	const char *dir;     /* of the run */
	struct rnf_text model[RNF_MODEL_TEXTS]; /* texts that all of them carry, */
	const char *plugins;                    /* and this one */
	struct rnf_kept { char file[256]; } *kept; /* removable ones, the oldest first */
	size_t n_kept, room;
};

/* Longest path of a run folder, so that the paths of its checkpoints fit. */
enum { RNF_RUN_PATH_MAX = PATH_MAX - 320 };
/* Set up from the experiment; touches no file. The caller sets the folder later: c->dir. */
void rnf_checkpoints_init(struct rnf_checkpoints *c, const struct rnf_experiment *e);
/* Before the first step: make the folder in c->dir; check that there is room for three
 * checkpoints and `log_bytes` of logs, and that the state can be written as a checkpoint,
 * by writing one and removing it. */
rnf_status rnf_checkpoints_probe(const struct rnf_checkpoints *c, int64_t log_bytes);

/* Write checkpoints/FILE.SUFFIX. keep > 0: the checkpoint may be removed later; of these
 * only the newest `keep` stay, at least two. A disk failure does not end the run: it is
 * logged, and the next checkpoint is a new attempt. A state that is not finite is refused
 * and logged: it never becomes a checkpoint. */
void rnf_checkpoint_write(struct rnf_checkpoints *c, const struct rnf_progress *p,
			  const char *file, int64_t keep);
/* Write the last one of a run: three tries, then $TMPDIR, with RNF_EIO and the path. */
rnf_status rnf_checkpoint_write_last(struct rnf_checkpoints *c,
				     const struct rnf_progress *p, const char *file,
				     int64_t keep);
/* Write the weights alone, for use: DIR/model.SUFFIX; tries like the last checkpoint. */
rnf_status rnf_model_write(struct rnf_checkpoints *c);

/* -- of a run that goes on -- */

/* After the folder is locked: record the removable checkpoints, warn about unusable ones
 * with the reason, and remove the drafts of a killed run. */
rnf_status rnf_checkpoints_adopt(struct rnf_checkpoints *c,
				 const struct rnf_saved_list *list);
/* Set the run back to `step`: move good checkpoints of later steps, and unreadable ones,
 * to checkpoints/abandoned-STEP, where no resume looks, with a message; remove them from
 * the list. The newest one moves last: that move is the moment at which the run goes
 * back. */
rnf_status rnf_checkpoints_set_aside(const struct rnf_checkpoints *c,
				     struct rnf_saved_list *list, int64_t step);

#endif
