/* Files and folders that the core writes; failures name the path. [main] */
#ifndef RNF_BASE_FILE_H
#define RNF_BASE_FILE_H

#include <stdio.h>
#include <rnframe/abi.h>

/* Create or replace a file. */
rnf_status rnf_file_create(const char *path, FILE **file);
/* Close what create() opened; fails when anything could not be written, unless
 * `written` is bad already, whose words stay. */
rnf_status rnf_file_close(const char *path, FILE *file, rnf_status written);
/* A file that takes the place of `path` only when it is whole: begin() opens
 * PATH.tmp, commit() syncs, closes and renames it, or removes it when `written`
 * is bad already, whose words stay. Nothing is allocated. */
rnf_status rnf_file_begin(const char *path, int *fd);
rnf_status rnf_file_commit(const char *path, int fd, rnf_status written);
/* Both of them around n bytes of text. */
rnf_status rnf_file_put(const char *path, const char *text, size_t n);
/* A folder and those above it, unless they are there. */
rnf_status rnf_folder_make(const char *path);

#endif
