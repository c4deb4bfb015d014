/* Checkpoints: one file each that a run can go on from, bit for bit. A file holds
 * the weights, the running statistics and the optimizer's state as tensors, and as
 * texts the conf, the digests of the plugins and where the run was. Random numbers
 * are functions of the conf's seed and of the position, so no generator has a
 * state. Sources: the protocol of drafts is SQLite's and llm.c's, one file instead
 * of a marker. [main] */
#ifndef RNF_RUN_CHECKPOINT_H
#define RNF_RUN_CHECKPOINT_H

#include "run/found.h"

/* The checkpoints of a run folder. */
struct rnf_checkpoints {
	const struct rnf_experiment *e;
	const char *dir;     /* of the run */
	const char *conf, *plugins; /* texts that all of them carry */
	struct rnf_kept { char file[256]; int64_t step; } *kept; /* that may go, by age */
	size_t n_kept, room;
};

/* Texts of the experiment; the folder is there. */
rnf_status rnf_checkpoints_open(struct rnf_checkpoints *c,
				const struct rnf_experiment *e, const char *dir);
/* Before the first step: is there room for three checkpoints and `log_bytes` of logs,
 * and can the state be written as a checkpoint is? One is written, and removed. */
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
				 const struct rnf_found_list *list);

#endif
