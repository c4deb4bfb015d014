/* Files and folders that the core writes. Failures name the path. [main] */
#ifndef RNF_BASE_FILE_H
#define RNF_BASE_FILE_H

#include <limits.h>
#include <stdio.h>
#include <rnframe/abi.h>

int rnf_is_folder(const char *path); /* or a link to one */

/* open() of a path that must be a regular file: anything else is refused (RNF_EINVAL)
 * without blocking on a FIFO. With O_NOFOLLOW links are refused too: for files of
 * a run folder, which the program writes and reads back. */
rnf_status rnf_file_open(const char *path, int flags, int *fd);
/* The same, as a stream for reading. */
rnf_status rnf_file_read(const char *path, int flags, FILE **file);
/* A file of more bytes than `most` is refused. */
rnf_status rnf_file_read_small(const char *path, int flags, int64_t most, FILE **file);

/* Get its size and its first bytes: *n of them, which is `most` or the length of a
 * shorter file. */
rnf_status rnf_file_head(const char *path, uint8_t *head, size_t most, size_t *n,
			 uint64_t *size);

/* The whole file, of at most `most` bytes, in memory of malloc(), which free() returns.
 * [worker] */
rnf_status rnf_file_bytes(const char *path, int flags, int64_t most, uint8_t **bytes, size_t *n);

/* Create or replace a file. */
rnf_status rnf_file_create(const char *path, FILE **file);
/* Close what create() opened; fail when some of it could not be written. If `written` is
 * bad already, it is returned and its message stays. */
rnf_status rnf_file_close(const char *path, FILE *file, rnf_status written);
/* Replace `path` only when the new file is whole. begin() opens the draft PATH.tmp as a
 * new file, whatever stood there, and reserves `bytes` on the disk, so that a full disk
 * is known before anything is written. sync() syncs and closes the draft. publish()
 * renames it to `path` and syncs the folder. Each removes the draft when it fails or when
 * `status` is bad already, in which case the message stays. commit() is sync() and
 * publish(). None of them allocates. */
rnf_status rnf_file_begin(const char *path, int64_t bytes, int *fd);
rnf_status rnf_file_sync(const char *path, int fd, rnf_status status);
rnf_status rnf_file_publish(const char *path, rnf_status status);
rnf_status rnf_file_commit(const char *path, int fd, rnf_status status);
/* PATH.tmp */
const char *rnf_file_draft(const char *path, char name[PATH_MAX]);
/* begin(), a write of n bytes of text, commit(). */
rnf_status rnf_file_put(const char *path, const char *text, size_t n);
/* The part of a path behind its last slash. */
const char *rnf_file_name(const char *path);
/* Return 1 when the name ends in `ending` and is longer than it. */
int rnf_file_ends(const char *name, const char *ending);
/* Make a folder and its parents where they are missing; those made are synced. */
rnf_status rnf_folder_make(const char *path);
/* Sync the folder of `path`, so that names created, renamed or removed there survive a
 * power cut. */
rnf_status rnf_folder_sync(const char *path);
/* Make a new folder: `name` or, as long as that exists, NAME-2, NAME-3, ... */
rnf_status rnf_folder_new(const char *name, const char **path);
/* Can a file be created or replaced at `path`? Asked before the work for it begins. */
rnf_status rnf_file_writable(const char *path);
/* Can a folder be made at `path`, with its parents, or files in it where it exists? Asked before
 * the work for it begins; it makes nothing. */
rnf_status rnf_folder_writable(const char *path);
/* Do both paths lead to one file, or to the same name where there is no file yet? */
int rnf_file_same(const char *a, const char *b);
/* Rename a file and sync both folders. */
rnf_status rnf_file_move(const char *from, const char *to);

#endif
