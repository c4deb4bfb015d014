/* Files and folders that the core writes; failures name the path. [main] */
#ifndef RNF_BASE_FILE_H
#define RNF_BASE_FILE_H

#include <limits.h>
#include <stdio.h>
#include <rnframe/abi.h>

/* open() of a file that must be a regular one: another is refused (RNF_EINVAL), and
 * never waited for, as a FIFO would be. With O_NOFOLLOW so is a link: for files of a
 * run folder, which the program writes and reads back. */
rnf_status rnf_file_open(const char *path, int flags, int *fd);
/* The same, to be read as a stream. */
rnf_status rnf_file_read(const char *path, int flags, FILE **file);

/* Its size, and its first bytes: *n of them, `most` or, where it is shorter, all. */
rnf_status rnf_file_head(const char *path, uint8_t *head, size_t most, size_t *n,
			 uint64_t *size);

/* Create or replace a file. */
rnf_status rnf_file_create(const char *path, FILE **file);
/* Close what create() opened; fails when anything could not be written, unless
 * `written` is bad already, whose words stay. */
rnf_status rnf_file_close(const char *path, FILE *file, rnf_status written);
/* A file that takes the place of `path` only when it is whole. begin() opens the
 * draft PATH.tmp, a new file whatever stood there, and reserves `bytes` on the disk,
 * so that a full one is known before anything is written; sync() brings it to the disk and closes it;
 * publish() renames it to `path`, for good once the folder is on the disk too.
 * Each removes the draft when it fails or when `status` is bad already, whose
 * words stay. commit() is sync() and publish(). Nothing is allocated. */
rnf_status rnf_file_begin(const char *path, int64_t bytes, int *fd);
rnf_status rnf_file_sync(const char *path, int fd, rnf_status status);
rnf_status rnf_file_publish(const char *path, rnf_status status);
rnf_status rnf_file_commit(const char *path, int fd, rnf_status status);
/* PATH.tmp */
const char *rnf_file_draft(const char *path, char name[PATH_MAX]);
/* begin() and commit() around n bytes of text. */
rnf_status rnf_file_put(const char *path, const char *text, size_t n);
/* 1 when the name is longer than the ending that it has. */
int rnf_file_ends(const char *name, const char *ending);
/* A folder and those above it, unless they are there; what was made is on the disk. */
rnf_status rnf_folder_make(const char *path);
/* Bring the names in the folder of `path` to the disk: what was created, renamed or
 * removed there is so for good. */
rnf_status rnf_folder_sync(const char *path);
/* A folder that was not there: `name` or, as long as that is taken, NAME-2, NAME-3, ... */
rnf_status rnf_folder_new(const char *name, const char **path);
/* Will a file be made, or replaced, at `path`? Asked before the work for it is done. */
rnf_status rnf_file_writable(const char *path);
/* Do both paths lead to one file, or to the same name where there is none yet? */
int rnf_file_same(const char *a, const char *b);
/* A file under another name, for good. */
rnf_status rnf_file_move(const char *from, const char *to);

#endif
