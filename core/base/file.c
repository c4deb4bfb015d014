#define _GNU_SOURCE /* fallocate */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/status.h"

int rnf_is_folder(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static rnf_status fail_open(const char *path, int flags)
{
	if (errno == ELOOP && (flags & O_NOFOLLOW))
		return rnf_fail(RNF_EINVAL, "%s is a symbolic link, must be a regular file",
				path);
	if (errno == ENXIO) /* nobody reads the FIFO that we would write */
		return rnf_fail(RNF_EINVAL, "%s is not a regular file", path);
	return flags & (O_WRONLY | O_RDWR) ? rnf_fail_errno(path) : rnf_fail_input(path);
}

rnf_status rnf_file_open(const char *path, int flags, int *fd)
{
	struct stat st;
	*fd = open(path, flags | O_NONBLOCK | O_CLOEXEC, 0666);
	if (*fd < 0) return fail_open(path, flags);
	if (fstat(*fd, &st) == 0 && S_ISREG(st.st_mode)) return RNF_OK;
	close(*fd);
	return rnf_fail(RNF_EINVAL, "%s is not a regular file", path);
}

static rnf_status check_size(const char *path, int fd, int64_t most)
{
	struct stat st;
	if (fstat(fd, &st) != 0) return rnf_fail_input(path);
	if (st.st_size <= most) return RNF_OK;
	return rnf_fail(RNF_EINVAL, "%s has %lld bytes, may have %lld", path,
			(long long)st.st_size, (long long)most);
}

rnf_status rnf_file_read_small(const char *path, int flags, int64_t most, FILE **file)
{
	int fd;
	*file = NULL;
	RNF_TRY(rnf_file_open(path, O_RDONLY | flags, &fd));
	rnf_status status = check_size(path, fd, most);
	if (status >= 0 && !(*file = fdopen(fd, "r"))) status = rnf_fail_input(path);
	if (status < 0) close(fd);
	return status;
}

rnf_status rnf_file_read(const char *path, int flags, FILE **file)
{
	return rnf_file_read_small(path, flags, INT64_MAX, file);
}

static rnf_status read_head(const char *path, int fd, uint8_t *head, size_t most, size_t *n)
{
	*n = 0;
	while (*n < most) {
		const ssize_t got = read(fd, head + *n, most - *n);
		if (got < 0 && errno == EINTR) continue;
		if (got < 0) return rnf_fail_input(path);
		if (got == 0) break;
		*n += (size_t)got;
	}
	return RNF_OK;
}

rnf_status rnf_file_head(const char *path, uint8_t *head, size_t most, size_t *n,
			 uint64_t *size)
{
	struct stat st = { 0 };
	int fd;
	RNF_TRY(rnf_file_open(path, O_RDONLY, &fd));
	rnf_status status = fstat(fd, &st) == 0 ? RNF_OK : rnf_fail_input(path);
	*size = (uint64_t)st.st_size;
	if (status >= 0) status = read_head(path, fd, head, most, n);
	close(fd);
	return status;
}

static rnf_status read_all(const char *path, int fd, int64_t most, uint8_t **bytes, size_t *n)
{
	struct stat st = { 0 };
	RNF_TRY(check_size(path, fd, most));
	if (fstat(fd, &st) != 0) return rnf_fail_input(path);
	*bytes = malloc((size_t)st.st_size + 1);
	if (!*bytes) return rnf_fail(RNF_ENOMEM, "%s: no memory for its bytes", path);
	const rnf_status status = read_head(path, fd, *bytes, (size_t)st.st_size, n);
	if (status < 0) free(*bytes);
	return status;
}

rnf_status rnf_file_bytes(const char *path, int flags, int64_t most, uint8_t **bytes, size_t *n)
{
	int fd;
	RNF_TRY(rnf_file_open(path, O_RDONLY | flags, &fd));
	const rnf_status status = read_all(path, fd, most, bytes, n);
	close(fd);
	return status;
}

rnf_status rnf_file_create(const char *path, FILE **file)
{
	*file = fopen(path, "wbe");
	return *file ? RNF_OK : rnf_fail_errno(path);
}

rnf_status rnf_file_close(const char *path, FILE *file, rnf_status written)
{
	const int bad = ferror(file);
	errno = EIO; /* an earlier write failed; its errno is gone */
	const int good = fclose(file) == 0 && !bad;
	return written < 0 || good ? written : rnf_fail_errno(path);
}

const char *rnf_file_draft(const char *path, char name[PATH_MAX])
{
	snprintf(name, PATH_MAX, "%.*s.tmp", PATH_MAX - 5, path);
	return name;
}

/* The file keeps its size. A file system that cannot reserve space will fail later. */
static rnf_status reserve(const char *name, int fd, int64_t bytes)
{
	if (bytes <= 0 || fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, bytes) == 0) return RNF_OK;
	if (errno != ENOSPC && errno != EDQUOT && errno != EFBIG && errno != EIO)
		return RNF_OK;
	return rnf_fail(RNF_EIO, "%s: %s (%lld bytes are needed)", name, strerror(errno),
			(long long)bytes);
}

rnf_status rnf_file_begin(const char *path, int64_t bytes, int *fd)
{
	char name[PATH_MAX];
	/* a draft may be left over, or may be a link to a file that is not ours */
	if (unlink(rnf_file_draft(path, name)) != 0 && errno != ENOENT)
		return rnf_fail_errno(name);
	RNF_TRY(rnf_file_open(name, O_WRONLY | O_CREAT | O_EXCL, fd));
	const rnf_status status = reserve(name, *fd, bytes);
	if (status >= 0) return status;
	close(*fd);
	unlink(name);
	return status;
}

/* The folder of `path`: "." or a path that ends in a slash. */
static const char *folder_of(const char *path, char name[PATH_MAX])
{
	const char *slash = strrchr(path, '/');
	snprintf(name, PATH_MAX, "%.*s", slash ? (int)(slash - path) + 1 : 1,
		 slash ? path : ".");
	return name;
}

/* A folder that cannot be opened or synced is no failure: the file itself is there. */
rnf_status rnf_folder_sync(const char *path)
{
	char name[PATH_MAX];
	folder_of(path, name);
	const int fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) return errno == EACCES ? RNF_OK : rnf_fail_errno(name);
	const int bad = fsync(fd) != 0 && errno != EINVAL && errno != ENOTSUP;
	const rnf_status status = bad ? rnf_fail_errno(name) : RNF_OK;
	close(fd);
	return status;
}

/* After a failed fsync the kernel may report the same pages as clean the next time. So
 * remove the draft: a retry writes a new one. */
rnf_status rnf_file_sync(const char *path, int fd, rnf_status status)
{
	char name[PATH_MAX];
	rnf_file_draft(path, name);
	if (status < 0) /* the writer has only the descriptor */
		status = rnf_fail_in(status, "%s: ", path);
	if (status >= 0 && fsync(fd) != 0) status = rnf_fail_errno(name);
	if (close(fd) != 0 && status >= 0) status = rnf_fail_errno(name);
	if (status < 0) unlink(name);
	return status;
}

rnf_status rnf_file_publish(const char *path, rnf_status status)
{
	char name[PATH_MAX];
	rnf_file_draft(path, name);
	if (status >= 0 && rename(name, path) != 0) status = rnf_fail_errno(path);
	if (status >= 0) return rnf_folder_sync(path);
	unlink(name);
	return status;
}

rnf_status rnf_file_commit(const char *path, int fd, rnf_status status)
{
	return rnf_file_publish(path, rnf_file_sync(path, fd, status));
}

static rnf_status write_all(int fd, const char *text, size_t n)
{
	while (n > 0) {
		const ssize_t done = write(fd, text, n);
		if (done < 0 && errno == EINTR) continue;
		if (done < 0) return rnf_fail(RNF_EIO, "%s", strerror(errno));
		text += done;
		n -= (size_t)done;
	}
	return RNF_OK;
}

rnf_status rnf_file_put(const char *path, const char *text, size_t n)
{
	int fd;
	RNF_TRY(rnf_file_begin(path, (int64_t)n, &fd));
	return rnf_file_commit(path, fd, write_all(fd, text, n));
}

rnf_status rnf_folder_make(const char *path)
{
	if (!*path) return rnf_fail(RNF_EINVAL, "the name of a folder is empty");
	for (const char *p = path + 1;; p++) {
		if (*p != '/' && *p != 0) continue;
		const char *part = rnf_strndup(path, (size_t)(p - path));
		if (mkdir(part, 0777) == 0) RNF_TRY(rnf_folder_sync(part));
		else if (errno != EEXIST) return rnf_fail_errno(part);
		if (*p == 0) return RNF_OK;
	}
}

rnf_status rnf_folder_new(const char *name, const char **path)
{
	*path = name;
	for (int i = 2; mkdir(*path, 0777) != 0; i++) {
		if (errno != EEXIST) return rnf_fail_errno(*path);
		*path = rnf_format("%s-%d", name, i);
	}
	return rnf_folder_sync(*path);
}

rnf_status rnf_file_writable(const char *path)
{
	char folder[PATH_MAX];
	struct stat st;
	const int there = stat(path, &st) == 0;
	errno = EISDIR;
	if (there && S_ISDIR(st.st_mode)) return rnf_fail_errno(path);
	if (access(there ? path : folder_of(path, folder), there ? W_OK : W_OK | X_OK) == 0)
		return RNF_OK;
	return rnf_fail_errno(path);
}

/* The folder that a folder lies in, as folder_of() names it. */
static const char *parent_of(const char *path)
{
	char name[PATH_MAX];
	size_t n = strlen(path);
	while (n > 1 && path[n - 1] == '/') n--;
	return rnf_format("%s", folder_of(rnf_strndup(path, n), name));
}

rnf_status rnf_folder_writable(const char *path)
{
	struct stat st;
	const char *there = path;
	for (; stat(there, &st) != 0; there = parent_of(there))
		if (errno != ENOENT) return rnf_fail_errno(path);
	errno = ENOTDIR;
	if (S_ISDIR(st.st_mode) && access(there, W_OK | X_OK) == 0) return RNF_OK;
	return rnf_fail_errno(there);
}

static int same_inode(const char *a, const char *b)
{
	struct stat x, y;
	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_ino == y.st_ino &&
	       x.st_dev == y.st_dev;
}

const char *rnf_file_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

int rnf_file_same(const char *a, const char *b)
{
	char folder[PATH_MAX], other[PATH_MAX];
	return same_inode(a, b) || (!strcmp(rnf_file_name(a), rnf_file_name(b)) &&
				    same_inode(folder_of(a, folder), folder_of(b, other)));
}

rnf_status rnf_file_move(const char *from, const char *to)
{
	if (rename(from, to) != 0) return rnf_fail_errno(from);
	RNF_TRY(rnf_folder_sync(to));
	return rnf_folder_sync(from);
}

int rnf_file_ends(const char *name, const char *ending)
{
	const size_t n = strlen(name), m = strlen(ending);
	return m > 0 && n > m && !strcmp(name + n - m, ending);
}
