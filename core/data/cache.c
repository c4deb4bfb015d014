#define _GNU_SOURCE /* sync_file_range */
#include "data/cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/signal.h"
#include "base/status.h"
#include "data/map.h"

static const char ending[] = ".images", draft_ending[] = ".images.tmp";

void rnf_cache_begin(struct rnf_cache *c, const char *folder, const char *name)
{
	*c = (struct rnf_cache){ .folder = folder, .fd = -1, .lock = -1,
				 .path = rnf_format("%s/%s%s", folder, name, ending),
				 .draft = rnf_format("%s/%s%s", folder, name, draft_ending) };
}

static void close_it(int *fd)
{
	if (*fd >= 0) close(*fd);
	*fd = -1;
}

/* A file of this user. */
static rnf_status open_ours(const char *path, int flags, int *fd)
{
	struct stat at;
	RNF_TRY(rnf_file_open(path, flags | O_NOFOLLOW, fd));
	if (fstat(*fd, &at) == 0 && at.st_uid == geteuid()) return RNF_OK;
	close_it(fd);
	return rnf_fail(RNF_EIO, "%s belongs to another user", path);
}

rnf_status rnf_cache_find(struct rnf_cache *c)
{
	struct rnf_blob blob;
	if (open_ours(c->path, O_RDONLY, &c->fd) < 0) return RNF_ENOENT;
	futimens(c->fd, NULL); /* used now: make_room() removes by age; a failure does no harm */
	if (flock(c->fd, LOCK_SH) != 0 || rnf_map_open(c->path, c->fd, &blob) < 0) {
		close_it(&c->fd);
		return RNF_ENOENT;
	}
	c->data = (uint8_t *)(uintptr_t)blob.data;
	c->bytes = blob.size;
	return RNF_OK;
}

/* -- making one -- */

/* Another process may have renamed or removed the draft before this one had the lock. */
static int is_still(int fd, const char *path)
{
	struct stat mine, there;
	return fstat(fd, &mine) == 0 && lstat(path, &there) == 0 && mine.st_ino == there.st_ino &&
	       mine.st_dev == there.st_dev;
}

static rnf_status wait_a_little(const struct rnf_cache *c, int *told)
{
	const struct timespec pause = { .tv_nsec = 50000000 };
	if (!*told) rnf_log(RNF_LOG_INFO, "another process makes %s: waiting for it", c->path);
	*told = 1;
	nanosleep(&pause, NULL);
	return rnf_signal_check("while it waited for another process: nothing was saved");
}

rnf_status rnf_cache_lock(struct rnf_cache *c)
{
	int told = 0;
	RNF_TRY(rnf_folder_make(c->folder));
	for (;;) {
		RNF_TRY(open_ours(c->draft, O_RDWR | O_CREAT, &c->lock));
		const int locked = flock(c->lock, LOCK_EX | LOCK_NB) == 0, cause = errno;
		if (locked && is_still(c->lock, c->draft)) return RNF_OK;
		close_it(&c->lock);
		errno = cause;
		if (!locked && cause != EWOULDBLOCK) return rnf_fail_errno(c->draft);
		if (!locked) RNF_TRY(wait_a_little(c, &told));
	}
}

void rnf_cache_drop(struct rnf_cache *c)
{
	if (c->lock < 0) return;
	unlink(c->draft);
	close_it(&c->lock);
}

void rnf_cache_remove(const struct rnf_cache *c)
{
	unlink(c->path);
}

void rnf_cache_forget(struct rnf_cache *c)
{
	rnf_cache_remove(c);
	close_it(&c->fd);
	c->data = NULL;
	c->bytes = 0;
}

/* -- room for it -- */

enum { BLOCK = 512 }; /* of st_blocks */

struct old {
	const char *path;
	double bytes;
	struct timespec used;
};

struct folder {
	struct old *old; /* files that no process uses */
	size_t n;
	double old_bytes, in_use;
};

static int is_ours(const struct dirent *entry)
{
	return rnf_file_ends(entry->d_name, ending) || rnf_file_ends(entry->d_name, draft_ending);
}

static int by_use(const void *a, const void *b)
{
	const struct timespec *x = &((const struct old *)a)->used, *y = &((const struct old *)b)->used;
	if (x->tv_sec != y->tv_sec) return x->tv_sec < y->tv_sec ? -1 : 1;
	return (x->tv_nsec > y->tv_nsec) - (x->tv_nsec < y->tv_nsec);
}

/* A draft that nobody has locked is what a killed process left. */
static void look_at(const char *path, struct folder *folder)
{
	struct stat at;
	int fd;
	if (open_ours(path, O_RDONLY, &fd) < 0) return;
	const double bytes = fstat(fd, &at) == 0 ? BLOCK * (double)at.st_blocks : 0;
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		folder->in_use += bytes;
	} else if (rnf_file_ends(path, draft_ending)) {
		unlink(path);
	} else {
		*(struct old *)rnf_push((void **)&folder->old, &folder->n, sizeof *folder->old) =
			(struct old){ path, bytes, at.st_mtim };
		folder->old_bytes += bytes;
	}
	close(fd);
}

static rnf_status look_around(const struct rnf_cache *c, struct folder *folder)
{
	struct dirent **entries;
	const int n = scandir(c->folder, &entries, is_ours, alphasort);
	if (n < 0) return rnf_fail_errno(c->folder);
	for (int i = 0; i < n; i++) {
		const char *path = rnf_format("%s/%s", c->folder, entries[i]->d_name);
		if (strcmp(path, c->draft) != 0) look_at(path, folder);
		free(entries[i]);
	}
	free(entries);
	if (folder->n) qsort(folder->old, folder->n, sizeof *folder->old, by_use);
	return RNF_OK;
}

static double free_bytes(const char *folder)
{
	struct statvfs disk;
	return statvfs(folder, &disk) == 0 ? (double)disk.f_bavail * (double)disk.f_frsize : 0;
}

static rnf_status make_room(const struct rnf_cache *c, double bytes, double most)
{
	struct folder folder = { .n = 0 };
	RNF_TRY(look_around(c, &folder));
	if (most <= 0) most = 0.5 * (free_bytes(c->folder) + folder.old_bytes + folder.in_use);
	if (bytes + folder.in_use > most)
		return rnf_fail(RNF_EINVAL, "%s may take %.1f GB%s", c->folder, most * 1e-9,
				folder.in_use > 0 ? ", of which other runs use some" : "");
	for (size_t i = 0; i < folder.n && bytes + folder.in_use + folder.old_bytes > most; i++) {
		unlink(folder.old[i].path);
		folder.old_bytes -= folder.old[i].bytes;
	}
	return RNF_OK;
}

rnf_status rnf_cache_make(struct rnf_cache *c, size_t bytes, double most)
{
	rnf_status status = make_room(c, (double)bytes, most);
	if (status >= 0 && ftruncate(c->lock, 0) != 0) status = rnf_fail_errno(c->draft);
	if (status >= 0) status = rnf_map_new(c->draft, c->lock, bytes, &c->data);
	if (status >= 0) c->bytes = bytes;
	return status;
}

/* In parts, so that a signal need not wait for all. */
static rnf_status sync_parts(const struct rnf_cache *c)
{
	enum { PART = 64 << 20 };
	for (size_t at = 0; at < c->bytes; at += PART) {
		sync_file_range(c->lock, (off_t)at, PART, SYNC_FILE_RANGE_WAIT_BEFORE |
				SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER);
		RNF_TRY(rnf_signal_check("while images were written: nothing was saved"));
	}
	return fsync(c->lock) == 0 ? RNF_OK : rnf_fail_errno(c->draft);
}

rnf_status rnf_cache_keep(struct rnf_cache *c)
{
	rnf_status status = sync_parts(c);
	if (status >= 0 && rename(c->draft, c->path) != 0) status = rnf_fail_errno(c->path);
	if (status < 0) return status;
	c->fd = c->lock; /* it is in use */
	c->lock = -1;
	flock(c->fd, LOCK_SH);
	return rnf_folder_sync(c->path);
}
