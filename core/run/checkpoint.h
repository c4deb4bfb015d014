/* Checkpoints: one file each that a run can go on from, bit for bit. A file holds
 * the weights, the running statistics and the optimizer's state as tensors, and as
 * texts the conf, the digests of the plugins and where the run was. Random numbers
 * are functions of the conf's seed and of the position, so no generator has a
 * state. Sources: the protocol of drafts is SQLite's and llm.c's, one file instead
 * of a marker. [main] */
#ifndef RNF_RUN_CHECKPOINT_H
#define RNF_RUN_CHECKPOINT_H

#include <limits.h>

#include "run/saved.h"

/* The checkpoints of a run folder. */
struct rnf_checkpoints {
	const struct rnf_experiment *e;
	const char *dir;     /* of the run */
	const char *conf, *plugins; /* texts that all of them carry */
	struct rnf_kept { char file[256]; } *kept; /* that may go, the oldest first */
	size_t n_kept, room;
};

/* Bytes of the path of a run folder, so that those of its checkpoints can be paths. */
enum { RNF_RUN_PATH_MAX = PATH_MAX - 320 };
/* Texts of the experiment; no file is touched. The folder comes later: c->dir. */
void rnf_checkpoints_init(struct rnf_checkpoints *c, const struct rnf_experiment *e);
/* Before the first step: make the folder in c->dir; is there room for three checkpoints
 * and `log_bytes` of logs, and can the state be written as a checkpoint is? One is
 * written, and removed. */
rnf_status rnf_checkpoints_probe(const struct rnf_checkpoints *c, int64_t log_bytes);

/* Write checkpoints/FILE.SUFFIX. keep > 0: it may go later, and only the newest
 * `keep` of those stay, at least two. A disk that fails ends no run: that is said,
 * and the next one is a new try. State that is not finite is refused: RNF_ENUMBER
 * never becomes a checkpoint, the words are logged. */
void rnf_checkpoint_write(struct rnf_checkpoints *c, const struct rnf_progress *p,
			  const char *file, int64_t keep);
/* The last one of a run: three tries, then in $TMPDIR, with RNF_EIO and the path. */
rnf_status rnf_checkpoint_write_last(struct rnf_checkpoints *c,
				     const struct rnf_progress *p, const char *file,
				     int64_t keep);
/* The weights alone, for use: DIR/model.SUFFIX; tries as the last one. */
rnf_status rnf_model_write(struct rnf_checkpoints *c);

/* -- of a run that goes on -- */

/* Those that may go later are taken note of, those that cannot be used are named with
 * the reason, and drafts that a killed run left are removed; the folder is locked. */
rnf_status rnf_checkpoints_adopt(struct rnf_checkpoints *c,
				 const struct rnf_saved_list *list);
/* The run goes back to `step`: good checkpoints of later steps, and those that cannot be
 * read, are moved to checkpoints/abandoned-STEP, where no resume looks, with a word; they
 * leave the list. The newest one goes last: until then the run is what it was, and it
 * has gone back from then on. */
rnf_status rnf_checkpoints_set_aside(const struct rnf_checkpoints *c,
				     struct rnf_saved_list *list, int64_t step);

#endif
