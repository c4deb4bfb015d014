#include "run/saved.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/status.h"
#include "train/digest.h"

const char *rnf_checkpoints_folder(const char *dir)
{
	return rnf_format("%s/checkpoints", dir);
}

/* Parse position and history from a file's texts. */
static rnf_status read_state(struct rnf_saved *found)
{
	const char *text = rnf_contents_text(&found->contents, RNF_TEXT_STATE);
	if (!text || !rnf_contents_text(&found->contents, RNF_DIGEST_KEY) ||
	    !rnf_contents_text(&found->contents, RNF_TEXT_CONF))
		return rnf_fail(RNF_EINVAL, "%s is not a checkpoint: it holds weights only (to "
				"start from them: --weights)", found->path);
	const rnf_status status =
		rnf_progress_read(text, &found->progress, &found->may_go);
	return status < 0 ? rnf_fail_in(status, "%s: ", found->path) : RNF_OK;
}

struct rnf_saved rnf_checkpoint_look(const char *path)
{
	struct rnf_saved found = { .path = path };
	if (rnf_weights_check(path, &found.contents) < 0 || read_state(&found) < 0)
		found.bad = rnf_fail_line();
	return found;
}

int rnf_is_checkpoint(const struct dirent *entry)
{
	return rnf_file_ends(entry->d_name, rnf_native_suffix());
}

/* A run under way may have removed it meanwhile. */
static int is_there(const char *path)
{
	struct stat st;
	return lstat(path, &st) == 0 || errno != ENOENT;
}

rnf_status rnf_checkpoints_list(const char *dir, struct rnf_saved_list *list)
{
	const char *folder = rnf_checkpoints_folder(dir);
	struct dirent **entries;
	RNF_TRY(rnf_native_find());
	const int n = scandir(folder, &entries, rnf_is_checkpoint, alphasort);
	if (n < 0) return rnf_fail_input(folder);
	*list = (struct rnf_saved_list){ rnf_alloc((size_t)(n + 1) * sizeof *list->at), 0 };
	for (int i = 0; i < n; i++) {
		const struct rnf_saved found = rnf_checkpoint_look(
			rnf_format("%s/%s", folder, entries[i]->d_name));
		if (!found.bad || is_there(found.path)) list->at[list->n++] = found;
		free(entries[i]);
	}
	free(entries);
	return RNF_OK;
}

int rnf_progress_is_later(const struct rnf_progress *a, const struct rnf_progress *b)
{
	return a->step != b->step ? a->step > b->step : a->n_history > b->n_history;
}

const struct rnf_saved *rnf_checkpoints_newest(const struct rnf_saved_list *list,
					       int64_t step)
{
	const struct rnf_saved *newest = NULL;
	for (size_t i = 0; i < list->n; i++) {
		const struct rnf_saved *f = &list->at[i];
		if (f->bad || f->progress.step > step) continue;
		if (!newest || rnf_progress_is_later(&f->progress, &newest->progress))
			newest = f;
	}
	return newest;
}
