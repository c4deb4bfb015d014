#define _GNU_SOURCE /* fts */
#include "study/folders.h"

#include <errno.h>
#include <fts.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/status.h"

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static FTS *open_tree(const char *top)
{
	char *const tops[] = { rnf_format("%s", top), NULL };
	return fts_open(tops, FTS_PHYSICAL | FTS_NOCHDIR | FTS_COMFOLLOW, by_name);
}

static void look(struct rnf_folders *folders, FTS *tree, FTSENT *entry)
{
	const char *dir = entry->fts_path;
	const int hidden = entry->fts_level > 0 && entry->fts_name[0] == '.';
	const int is_run = !hidden && access(rnf_format("%s/run.json", dir), F_OK) == 0;
	if (is_run)
		*(const char **)rnf_push((void **)&folders->at, &folders->n, sizeof dir) =
			rnf_format("%s", dir);
	if (hidden || (is_run && entry->fts_level == 0)) fts_set(tree, entry, FTS_SKIP);
}

rnf_status rnf_folders_find(struct rnf_folders *folders, const char *top)
{
	FTS *tree = open_tree(top);
	rnf_status status = RNF_OK;
	FTSENT *entry;
	if (!tree) return rnf_fail_input(top);
	while (status >= 0 && (entry = fts_read(tree))) {
		if (entry->fts_info == FTS_D) look(folders, tree, entry);
		else if (entry->fts_level > 0) continue;
		else if (entry->fts_info == FTS_NS || entry->fts_info == FTS_DNR)
			status = rnf_fail(RNF_EINVAL, "%s: %s", top, strerror(entry->fts_errno));
		else if (entry->fts_info != FTS_DP)
			status = rnf_fail(RNF_EINVAL, "%s is not a folder", top);
	}
	fts_close(tree);
	return status;
}

double rnf_folder_bytes(const char *dir)
{
	FTS *tree = open_tree(dir);
	double bytes = 0;
	for (FTSENT *entry; tree && (entry = fts_read(tree));)
		if (entry->fts_info == FTS_F) bytes += (double)entry->fts_statp->st_size;
	if (tree) fts_close(tree);
	return bytes;
}
