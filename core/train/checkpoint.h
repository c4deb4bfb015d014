/* Checkpoints: one file each that a run can go on from, bit for bit. A file holds
 * the weights, the running statistics and the optimizer's state as tensors, and as
 * texts the conf, the digests of the plugins and where the run was. Random numbers
 * are functions of the conf's seed and of the position, so no generator has a
 * state. Sources: the protocol of drafts is SQLite's and llm.c's, one file instead
 * of a marker. [main] */
#ifndef RNF_TRAIN_CHECKPOINT_H
#define RNF_TRAIN_CHECKPOINT_H

#include "train/weights.h"

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
/* Create, sync, rename and remove a file there, and ask for room for three
 * checkpoints and `log_bytes` of logs: RNF_EIO when the disk will not do. */
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

/* -- reading -- */

struct rnf_found {
	const char *path;
	const char *bad; /* why it cannot be used, or NULL */
	int may_go;
	struct rnf_contents contents;
	struct rnf_progress progress;
};
struct rnf_found_list {
	struct rnf_found *at;
	size_t n;
};

/* A checkpoint, read whole; not its tensors. */
struct rnf_found rnf_checkpoint_look(const char *path);
/* All that lie in the folder of a run, by name. */
rnf_status rnf_checkpoints_list(const char *dir, struct rnf_found_list *list);
/* The newest good one of at most `step` steps, or NULL. */
const struct rnf_found *rnf_checkpoints_newest(const struct rnf_found_list *list,
					       int64_t step);
/* Those that may go later are taken note of, those that cannot be used are named with
 * the reason, and drafts that a killed run left are removed; the folder is locked. */
rnf_status rnf_checkpoints_adopt(struct rnf_checkpoints *c,
				 const struct rnf_found_list *list);

#endif
