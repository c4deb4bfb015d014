/* Run folders on the disk. [main] */
#ifndef RNF_STUDY_FOLDERS_H
#define RNF_STUDY_FOLDERS_H

#include <stddef.h>
#include <rnframe/abi.h>

struct rnf_folders {
	const char **at; /* by path */
	size_t n;
};

/* Add `top` if it holds a run (a run.json), else all folders below it that do, even those inside
 * of a run: with train --out runs/NAME the later runs of that name are there. Links are not
 * followed. */
rnf_status rnf_folders_find(struct rnf_folders *folders, const char *top);
/* Bytes of all files in a folder and below. */
double rnf_folder_bytes(const char *dir);

#endif
