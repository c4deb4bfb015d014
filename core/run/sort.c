#define _GNU_SOURCE /* AT_SYMLINK_FOLLOW */
#include "run/sort.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <rnframe/format.h>
#include "base/arena.h"
#include "base/file.h"
#include "base/status.h"
#include "plugin/loader.h"

/* -- before anything is predicted -- */

/* A model file may come from anybody. */
static rnf_status check_class(const char *name)
{
	if (*name && strlen(name) <= NAME_MAX && !strchr(name, '/') && strcmp(name, ".") &&
	    strcmp(name, ".."))
		return RNF_OK;
	return rnf_fail(RNF_EINVAL, "--sort-into: the class \"%s\" cannot be the name of a folder",
			name);
}

/* The folder's path without links and dots; 0: there is no such folder. */
static int resolve_folder_of(const char *file, char whole[PATH_MAX])
{
	char folder[PATH_MAX];
	const size_t n = (size_t)(rnf_file_name(file) - file);
	if (n >= sizeof folder) return 0;
	memcpy(folder, n ? file : ".", n ? n : 1);
	folder[n ? n : 1] = 0;
	return realpath(folder, whole) != NULL;
}

static int is_in(const char *folder, const char *dir)
{
	const size_t n = strlen(dir);
	return !strncmp(folder, dir, n) && (folder[n] == 0 || folder[n] == '/');
}

static rnf_status check_source(const struct rnf_sorter *s, const char *const *files, size_t n)
{
	char dir[PATH_MAX], folder[PATH_MAX];
	if (!realpath(s->dir, dir)) return RNF_OK; /* it is new */
	for (size_t i = 0; i < n; i++)
		if (resolve_folder_of(files[i], folder) && is_in(folder, dir))
			return rnf_fail(RNF_EINVAL, "--sort-into %s: %s is in it; name a folder that "
					"has none of the images", s->dir, files[i]);
	return RNF_OK;
}

rnf_status rnf_sorter_check(const struct rnf_sorter *s, const char *const *files, size_t n,
			    const char *const *classes, size_t n_classes)
{
	for (size_t i = 0; i < n_classes; i++)
		RNF_TRY(check_class(classes[i]));
	RNF_TRY(check_source(s, files, n));
	RNF_TRY(rnf_folder_make(s->dir));
	return rnf_is_folder(s->dir) ? RNF_OK
		: rnf_fail(RNF_EINVAL, "--sort-into: %s is no folder", s->dir);
}

/* -- a file -- */

static rnf_status pour(int from, int to)
{
	static char block[1 << 16];
	for (ssize_t n; (n = read(from, block, sizeof block)) != 0;) {
		if (n < 0 && errno == EINTR) continue;
		if (n < 0) return rnf_fail(RNF_EIO, "cannot read: %s", strerror(errno));
		RNF_TRY(rnf_write_all(&rnf_host, to, block, (size_t)n));
	}
	return RNF_OK;
}

enum { TAKEN = 1 }; /* a status: there is a file of this name */

static rnf_status fill(int from, int fd, const char *file, const char *to)
{
	rnf_status status = pour(from, fd);
	if (close(fd) != 0 && status >= 0) status = rnf_fail(RNF_EIO, "%s", strerror(errno));
	if (status >= 0) return RNF_OK;
	unlink(to);
	return rnf_fail_in(status, "%s to %s: ", file, to);
}

static rnf_status copy(const char *file, const char *to)
{
	int from;
	RNF_TRY(rnf_file_open(file, O_RDONLY, &from));
	const int fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	rnf_status status = TAKEN;
	if (fd >= 0) status = fill(from, fd, file, to);
	else if (errno != EEXIST) status = rnf_fail_errno(to);
	close(from);
	return status;
}

/* If no link can be made, as between two file systems, the file is copied. */
static rnf_status bring(const struct rnf_sorter *s, const char *file, const char *to)
{
	if (!s->link) return copy(file, to);
	if (linkat(AT_FDCWD, file, AT_FDCWD, to, AT_SYMLINK_FOLLOW) == 0) return RNF_OK;
	return errno == EEXIST ? TAKEN : copy(file, to);
}

/* photo.jpg, photo-2.jpg, ... */
static const char *numbered(const char *folder, const char *name, int number)
{
	const char *dot = strrchr(name, '.');
	const int stem = dot && dot > name ? (int)(dot - name) : (int)strlen(name);
	return number == 1 ? rnf_format("%s/%s", folder, name)
		: rnf_format("%s/%.*s-%d%s", folder, stem, name, number, name + stem);
}

rnf_status rnf_sorter_add(const struct rnf_sorter *s, const char *file, const char *class,
			  const char **as)
{
	const char *folder = rnf_format("%s/%s", s->dir, class);
	if (mkdir(folder, 0777) != 0 && errno != EEXIST) return rnf_fail_errno(folder);
	for (int number = 1;; number++) {
		*as = numbered(folder, rnf_file_name(file), number);
		const rnf_status status = bring(s, file, *as);
		if (status != TAKEN) return status;
	}
}
