/* Lists the checkpoints in a run folder. [main] */
#ifndef RNF_RUN_SAVED_H
#define RNF_RUN_SAVED_H

#include <dirent.h>

#include "run/progress.h"
#include "run/texts.h"

/* Texts of a checkpoint besides its digest. */
#define RNF_TEXT_STATE "rnframe.state"
#define RNF_TEXT_PLUGINS "rnframe.plugins"

struct rnf_saved {
	const char *path;
	const char *bad; /* why it cannot be used, or NULL */
	int may_go;
	struct rnf_contents contents;
	struct rnf_progress progress;
};
struct rnf_saved_list {
	struct rnf_saved *at;
	size_t n;
};

/* Judged by the name. */
int rnf_is_checkpoint(const struct dirent *entry);
/* Read and check a checkpoint, without keeping its tensors. */
struct rnf_saved rnf_checkpoint_look(const char *path);
/* All checkpoints in the folder of a run, by name; not those in folders below. */
rnf_status rnf_checkpoints_list(const char *dir, struct rnf_saved_list *list);
/* The newest good one of at most `step` steps, or NULL. */
const struct rnf_saved *rnf_checkpoints_newest(const struct rnf_saved_list *list,
					       int64_t step);
/* Is a at a later step, or at the end of the epoch whose last step b is at? */
int rnf_progress_is_later(const struct rnf_progress *a, const struct rnf_progress *b);
/* Where they lie: DIR/checkpoints. */
const char *rnf_checkpoints_folder(const char *dir);
#define RNF_CHECKPOINTS_ABANDONED "abandoned-" /* folder inside it, followed by a step */

#endif
