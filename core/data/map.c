#define _GNU_SOURCE
#include "data/map.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/status.h"
#include "base/text.h"

/* The handler's messages, formatted in advance: it may only write. Maps beyond this
 * number are neither named nor released. */
enum { MAPS_MAX = 64, STATUS_STORAGE = 3 };
static struct map {
	uintptr_t start, end;
	const char *words;
} maps[MAPS_MAX];
static size_t n_maps;
static struct sigaction before; /* what SIGBUS did before the first map */

static void page_is_gone(int number, siginfo_t *info, void *context)
{
	const uintptr_t at = (uintptr_t)info->si_addr;
	(void)number, (void)context;
	for (size_t i = 0; i < n_maps; i++) {
		if (at < maps[i].start || at >= maps[i].end) continue;
		const ssize_t wrote = write(STDERR_FILENO, maps[i].words, strlen(maps[i].words));
		_exit(wrote < 0 ? 1 : STATUS_STORAGE);
	}
	sigaction(SIGBUS, &before, NULL); /* not ours: the access is made again */
}

static void remember(const char *path, const void *data, size_t size)
{
	const struct sigaction action = { .sa_sigaction = page_is_gone,
					  .sa_flags = SA_SIGINFO };
	const size_t pages = (size_t)sysconf(_SC_PAGESIZE) - 1;
	char shown[RNF_LINE_BYTES];
	if (n_maps == MAPS_MAX) return;
	rnf_text_line(shown, sizeof shown, path, strlen(path));
	if (n_maps == 0) sigaction(SIGBUS, &action, &before);
	maps[n_maps++] = (struct map){
		(uintptr_t)data, (uintptr_t)data + ((size + pages) & ~pages),
		rnf_format("rnframe: %s: the file was cut, or its disk failed, while the "
			   "program was reading it\n", shown) };
}

rnf_status rnf_map_open(const char *path, int fd, struct rnf_blob *blob)
{
	static const uint8_t nothing[1]; /* an empty file has no pages */
	struct stat at;
	if (fstat(fd, &at) != 0) return rnf_fail_input(path);
	const size_t size = (size_t)at.st_size;
	void *data = size ? mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0)
			  : (void *)(uintptr_t)nothing;
	if (data == MAP_FAILED) return rnf_fail_input(path);
	if (size) remember(path, data, size);
	blob->data = data;
	blob->size = size;
	return RNF_OK;
}

rnf_status rnf_map_file(const char *path, struct rnf_blob *blob)
{
	int fd;
	RNF_TRY(rnf_file_open(path, O_RDONLY, &fd));
	const rnf_status status = rnf_map_open(path, fd, blob);
	close(fd);
	return status;
}

rnf_status rnf_map_new(const char *path, int fd, size_t bytes, uint8_t **data)
{
	const int cause = posix_fallocate(fd, 0, (off_t)bytes);
	errno = cause;
	if (cause != 0) return rnf_fail_errno(path);
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED) return rnf_fail_errno(path);
	remember(path, at, bytes);
	*data = at;
	return RNF_OK;
}

void rnf_map_let_go(void)
{
	for (size_t i = 0; i < n_maps; i++)
		madvise((void *)maps[i].start, maps[i].end - maps[i].start, MADV_DONTNEED);
}
