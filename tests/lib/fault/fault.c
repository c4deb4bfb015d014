/* A preloaded library that makes calls of the system fail, so that tests see
 * what the program does then.
 *
 *   LD_PRELOAD=build/tests/fault.so RNF_FAULT=write:7:ENOSPC rnframe train ...
 *
 * RNF_FAULT is KIND:N:WHAT[:forever], or record:FILE (a line "KIND SIZE PATH" a
 * call, but of malloc), or journal:FILE (the calls that change a disk, with all that
 * is needed to make them again: journal.h), or several with commas.
 *   KIND  open write read close fsync rename unlink mkdir allocate lock statvfs
 *         mmap malloc (see `kinds`), any: each of them but malloc
 *   N     which call of that kind, from 1
 *   WHAT  an errno's name, "short": half of the bytes, "kill": SIGKILL in place
 *         of the call, "cut": SIGKILL after half of the bytes
 * RNF_FAULT_UNDER=DIR counts calls about files of that folder only.
 * RNF_FAULT_MARK=FILE gets, at exit, a line "KIND CALLS FIRED" a rule: with
 * fewer than N calls a loop over N is at its end.
 *
 * A close that fails has closed; others that fail have done nothing. malloc
 * counts what the program itself and its plugins ask for, by the address that
 * called: with it what jansson asks for (core/base/json.c), and the calls of libc
 * that allocate for them. Left out are libconfig, HDF5, curl, archive, OpenBLAS,
 * the loader and libc's own needs.
 * Programs that this one starts are left alone. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "journal.h"
#include "rules.h"

/* The library is built like a plugin: nothing is seen that is not marked. */
#define SEEN __attribute__((visibility("default")))
#define ALIAS(name) __attribute__((visibility("default"), alias(#name)))

/* ---- which calls count ---- */

/* 0: the file does not count. */
static int path_of(int fd, char path[PATH_MAX])
{
	char link[48];
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	const long n = syscall(SYS_readlinkat, AT_FDCWD, link, path, PATH_MAX - 1);
	if (n <= 0) return 0;
	path[n] = 0;
	return path[0] == '/' && is_under(path);
}

static int judge_fd(enum kind kind, int fd, long long size)
{
	char path[PATH_MAX];
	return path_of(fd, path) ? judge(kind, path, size) : 0;
}

/* A call that changes what a disk holds; at is -1 where the file stands, or at its end. */
static void note_fd(const char *what, int fd, long long at, const void *data, size_t n)
{
	char path[PATH_MAX];
	if (journal_fd < 0 || !is_counted() || !path_of(fd, path)) return;
	if (at < 0) {
		const int appends = fcntl(fd, F_GETFL) & O_APPEND;
		at = lseek(fd, 0, appends ? SEEK_END : SEEK_CUR);
	}
	journal_note(journal_fd, what, at, path, data, n);
}

/* The name as the kernel takes it, from the root on; 0: there is no such folder. */
static int whole_name(int dir, const char *name, char path[2 * PATH_MAX])
{
	char link[48];
	long n = 0;
	if (name[0] != '/') {
		snprintf(link, sizeof link, dir == AT_FDCWD ? "/proc/self/cwd"
							    : "/proc/self/fd/%d", dir);
		n = syscall(SYS_readlinkat, AT_FDCWD, link, path, PATH_MAX);
		if (n < 0) return 0;
		path[n++] = '/';
	}
	snprintf(path + n, 2 * PATH_MAX - (size_t)n, "%s", name);
	return 1;
}

static int judge_path(enum kind kind, int dir, const char *name)
{
	char path[2 * PATH_MAX];
	return whole_name(dir, name, path) && is_under(path) ? judge(kind, path, 0) : 0;
}

static void note_path(const char *what, long long at, int dir, const char *name,
		      const char *more)
{
	char path[2 * PATH_MAX], other[2 * PATH_MAX] = "";
	if (journal_fd < 0 || !is_counted()) return;
	if (!whole_name(dir, name, path) || !is_under(path)) return;
	if (more && !whole_name(AT_FDCWD, more, other)) return;
	journal_note(journal_fd, what, at, path, other, strlen(other));
}

/* Our own code: the program and what lies in a folder of plugins. */
static int is_ours(const void *caller)
{
	Dl_info where;
	if (!program || !dladdr(caller, &where)) return 0;
	return where.dli_fbase == program || strstr(where.dli_fname, "/plugins/");
}

static int refused(const void *caller, size_t size)
{
	if (!has_rules() || !is_ours(caller)) return 0;
	const int what = judge(MALLOC, "", (long long)size);
	if (what > 0) errno = what;
	return what > 0;
}

#define CALLER __builtin_return_address(0)

static int fail(int what)
{
	errno = what;
	return -1;
}

/* Half of the bytes, at least one; and the end, if that is asked for. */
static size_t share(int what, size_t n)
{
	return what < 0 && n > 1 ? n / 2 : n;
}

static ssize_t cut(int what, ssize_t done)
{
	if (what == CUT) kill(getpid(), SIGKILL);
	return done;
}

/* ---- descriptors ---- */

SEEN int openat(int dir, const char *path, int flags, ...)
{
	va_list args;
	va_start(args, flags);
	const mode_t mode = va_arg(args, mode_t); /* rubbish when not given, and not used */
	va_end(args);
	const int what = judge_path(OPEN, dir, path);
	note_path("open", flags, dir, path, NULL);
	return what > 0 ? fail(what) : (int)syscall(SYS_openat, dir, path, flags, mode);
}

SEEN int open(const char *path, int flags, ...)
{
	va_list args;
	va_start(args, flags);
	const mode_t mode = va_arg(args, mode_t);
	va_end(args);
	return openat(AT_FDCWD, path, flags, mode);
}

SEEN int creat(const char *path, mode_t mode)
{
	return openat(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

SEEN ssize_t write(int fd, const void *from, size_t n)
{
	const int what = judge_fd(WRITE, fd, (long long)n);
	note_fd("write", fd, -1, from, n);
	return what > 0 ? fail(what) : cut(what, syscall(SYS_write, fd, from, share(what, n)));
}

SEEN ssize_t pwrite(int fd, const void *from, size_t n, off_t at)
{
	const int what = judge_fd(WRITE, fd, (long long)n);
	note_fd("write", fd, at, from, n);
	return what > 0 ? fail(what)
			: cut(what, syscall(SYS_pwrite64, fd, from, share(what, n), at));
}

SEEN ssize_t read(int fd, void *to, size_t n)
{
	const int what = judge_fd(READ, fd, (long long)n);
	return what > 0 ? fail(what) : syscall(SYS_read, fd, to, share(what, n));
}

SEEN ssize_t pread(int fd, void *to, size_t n, off_t at)
{
	const int what = judge_fd(READ, fd, (long long)n);
	return what > 0 ? fail(what) : syscall(SYS_pread64, fd, to, share(what, n), at);
}

SEEN int close(int fd)
{
	const int what = judge_fd(CLOSE, fd, 0), result = (int)syscall(SYS_close, fd);
	return what > 0 ? fail(what) : result;
}

SEEN int fsync(int fd)
{
	const int what = judge_fd(FSYNC, fd, 0);
	note_fd("fsync", fd, 0, NULL, 0);
	return what > 0 ? fail(what) : (int)syscall(SYS_fsync, fd);
}

SEEN int fdatasync(int fd) ALIAS(fsync);

SEEN int ftruncate(int fd, off_t size)
{
	const int what = judge_fd(ALLOCATE, fd, size);
	note_fd("truncate", fd, size, NULL, 0);
	return what > 0 ? fail(what) : (int)syscall(SYS_ftruncate, fd, size);
}

SEEN int fallocate(int fd, int mode, off_t from, off_t size)
{
	const int what = judge_fd(ALLOCATE, fd, size);
	return what > 0 ? fail(what) : (int)syscall(SYS_fallocate, fd, mode, from, size);
}

/* This one tells the errno as its value. What libc does where a file system
 * cannot do it is left out. */
SEEN int posix_fallocate(int fd, off_t from, off_t size)
{
	return fallocate(fd, 0, from, size) == 0 ? 0 : errno;
}

SEEN int flock(int fd, int operation)
{
	const int what = judge_fd(LOCK, fd, operation);
	return what > 0 ? fail(what) : (int)syscall(SYS_flock, fd, operation);
}

SEEN void *mmap(void *at, size_t n, int protection, int flags, int fd, off_t from)
{
	const int what = fd >= 0 ? judge_fd(MMAP, fd, (long long)n) : 0;
	if (what > 0) errno = what;
	return what > 0 ? MAP_FAILED
			: (void *)syscall(SYS_mmap, at, n, protection, flags, fd, from);
}

/* ---- names ---- */

SEEN int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
	const int what = judge_path(RENAME, to_dir, to);
	note_path("rename", 0, to_dir, to, from);
	return what > 0 ? fail(what)
			: (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, flags);
}

SEEN int rename(const char *from, const char *to)
{
	return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0);
}

SEEN int unlinkat(int dir, const char *path, int flags)
{
	const int what = judge_path(UNLINK, dir, path);
	note_path("unlink", 0, dir, path, NULL);
	return what > 0 ? fail(what) : (int)syscall(SYS_unlinkat, dir, path, flags);
}

SEEN int unlink(const char *path)
{
	return unlinkat(AT_FDCWD, path, 0);
}

SEEN int mkdir(const char *path, mode_t mode)
{
	const int what = judge_path(MKDIR, AT_FDCWD, path);
	note_path("mkdir", 0, AT_FDCWD, path, NULL);
	return what > 0 ? fail(what) : (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}

/* The real one of libc, for what is more than one call of the system. */
#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

SEEN int statvfs(const char *path, struct statvfs *about)
{
	const int what = judge_path(STATVFS, AT_FDCWD, path);
	return what > 0 ? fail(what) : NEXT(statvfs)(path, about);
}

SEEN int fstatvfs(int fd, struct statvfs *about)
{
	const int what = judge_fd(STATVFS, fd, 0);
	return what > 0 ? fail(what) : NEXT(fstatvfs)(fd, about);
}

/* ---- streams: libc's own calls cannot be caught, so those of files that count
 * get functions of ours ---- */

static int fd_of(void *cookie)
{
	return (int)(intptr_t)cookie;
}

static ssize_t stream_read(void *cookie, char *to, size_t n)
{
	return read(fd_of(cookie), to, n);
}

/* As libc does: all of it, or an error, which a cookie tells by 0. */
static ssize_t write_all(int fd, const char *from, size_t n)
{
	for (size_t done = 0; done < n;) {
		const ssize_t wrote = write(fd, from + done, n - done);
		if (wrote < 0) return -1;
		done += (size_t)wrote;
	}
	return (ssize_t)n;
}

static ssize_t stream_write(void *cookie, const char *from, size_t n)
{
	const ssize_t wrote = write_all(fd_of(cookie), from, n);
	return wrote < 0 ? 0 : wrote;
}

static int stream_seek(void *cookie, off64_t *at, int whence)
{
	*at = lseek(fd_of(cookie), *at, whence);
	return *at < 0 ? -1 : 0;
}

static int stream_close(void *cookie)
{
	return close(fd_of(cookie));
}

static FILE *stream(int fd, const char *mode)
{
	static const cookie_io_functions_t functions = { stream_read, stream_write,
							 stream_seek, stream_close };
	FILE *f = fd < 0 ? NULL : fopencookie((void *)(intptr_t)fd, mode, functions);
	if (!f && fd >= 0) syscall(SYS_close, fd);
	return f;
}

static int open_flags(const char *mode)
{
	const int both = strchr(mode, '+') != NULL;
	return (strchr(mode, 'e') ? O_CLOEXEC : 0) | (strchr(mode, 'x') ? O_EXCL : 0) |
	       (mode[0] == 'r' ? both ? O_RDWR : O_RDONLY
			       : O_CREAT | (both ? O_RDWR : O_WRONLY) |
				 (mode[0] == 'a' ? O_APPEND : O_TRUNC));
}

SEEN FILE *fopen(const char *path, const char *mode)
{
	char whole[2 * PATH_MAX];
	if (refused(CALLER, sizeof(FILE))) return NULL;
	if (!is_narrow() || !whole_name(AT_FDCWD, path, whole) || !is_under(whole))
		return NEXT(fopen)(path, mode);
	return stream(openat(AT_FDCWD, path, open_flags(mode), 0666), mode);
}

SEEN FILE *fdopen(int fd, const char *mode)
{
	char path[PATH_MAX];
	if (refused(CALLER, sizeof(FILE))) return NULL;
	return is_narrow() && path_of(fd, path) ? stream(fd, mode) : NEXT(fdopen)(fd, mode);
}

SEEN int vdprintf(int fd, const char *format, va_list args)
{
	char *text = NULL;
	const int n = vasprintf(&text, format, args);
	const ssize_t wrote = n < 0 ? -1 : write_all(fd, text, (size_t)n);
	free(text);
	return wrote < 0 ? -1 : n;
}

SEEN int dprintf(int fd, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	const int n = vdprintf(fd, format, args);
	va_end(args);
	return n;
}

/* ---- memory ---- */

extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t), *__libc_memalign(size_t, size_t);

SEEN void *malloc(size_t n)
{
	return refused(CALLER, n) ? NULL : __libc_malloc(n);
}

SEEN void *calloc(size_t n, size_t size)
{
	return refused(CALLER, n * size) ? NULL : __libc_calloc(n, size);
}

SEEN void *realloc(void *old, size_t n)
{
	return refused(CALLER, n) ? NULL : __libc_realloc(old, n);
}

SEEN void *aligned_alloc(size_t alignment, size_t n)
{
	return refused(CALLER, n) ? NULL : __libc_memalign(alignment, n);
}

SEEN char *strdup(const char *text)
{
	return refused(CALLER, strlen(text)) ? NULL : NEXT(strdup)(text);
}

SEEN char *realpath(const char *path, char *to)
{
	return !to && refused(CALLER, PATH_MAX) ? NULL : NEXT(realpath)(path, to);
}

SEEN FILE *open_memstream(char **text, size_t *n)
{
	return refused(CALLER, sizeof(FILE)) ? NULL : NEXT(open_memstream)(text, n);
}

/* A folder that is listed is opened first. */
SEEN DIR *opendir(const char *path)
{
	const int what = judge_path(OPEN, AT_FDCWD, path);
	if (what > 0) errno = what;
	return what > 0 || refused(CALLER, sizeof(FILE)) ? NULL : NEXT(opendir)(path);
}

SEEN int scandir(const char *path, struct dirent ***list,
		 int (*keep)(const struct dirent *),
		 int (*order)(const struct dirent **, const struct dirent **))
{
	const int what = judge_path(OPEN, AT_FDCWD, path);
	if (what > 0) return fail(what);
	return refused(CALLER, sizeof(FILE)) ? -1 : NEXT(scandir)(path, list, keep, order);
}

SEEN int pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
			void *(*work)(void *), void *argument)
{
	return refused(CALLER, PTHREAD_STACK_MIN) ? EAGAIN
		: NEXT(pthread_create)(thread, attributes, work, argument);
}

/* Where off_t has 64 bits, both names are one. */
ALIAS(open) int open64(const char *, int, ...);
ALIAS(openat) int openat64(int, const char *, int, ...);
ALIAS(creat) int creat64(const char *, mode_t);
ALIAS(pwrite) ssize_t pwrite64(int, const void *, size_t, off64_t);
ALIAS(pread) ssize_t pread64(int, void *, size_t, off64_t);
ALIAS(ftruncate) int ftruncate64(int, off64_t);
ALIAS(fallocate) int fallocate64(int, int, off64_t, off64_t);
ALIAS(posix_fallocate) int posix_fallocate64(int, off64_t, off64_t);
ALIAS(mmap) void *mmap64(void *, size_t, int, int, int, off64_t);
ALIAS(fopen) FILE *fopen64(const char *, const char *);
