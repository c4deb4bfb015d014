#include "base/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/status.h"

rnf_status rnf_line_read(struct rnf_line *line, FILE *file, const char *path)
{
	int c = 0;
	for (line->n = 0; c != '\n' && line->n < RNF_LINE_MAX; line->n++) {
		c = getc_unlocked(file);
		if (c == EOF) break;
		line->text[line->n] = (char)c;
	}
	line->text[line->n] = 0;
	line->number++;
	if (ferror(file)) return rnf_fail_input(path);
	if (c == '\n' || c == EOF) return RNF_OK;
	return rnf_fail(RNF_EINVAL, "%s:%zu: a line of more than %d bytes", path, line->number,
			RNF_LINE_MAX);
}

/* Its contents and its name are on the disk before anything refers to them. */
static rnf_status settle(const char *path, int fd)
{
	if (fsync(fd) != 0) return rnf_fail_errno(path);
	return rnf_folder_sync(path);
}

static rnf_status open_for(struct rnf_lines *lines, const char *path, enum rnf_lines_of of,
			   int more)
{
	const int flags = O_WRONLY | O_CREAT | more;
	*lines = (struct rnf_lines){ .path = NULL };
	if (of == RNF_LINES_OF_RUN) {
		RNF_TRY(rnf_file_open(path, flags | O_NOFOLLOW, &lines->fd));
	} else {
		lines->fd = open(path, flags | O_CLOEXEC, 0666);
		if (lines->fd < 0) return rnf_fail_errno(path);
	}
	lines->path = path;
	return RNF_OK;
}

/* The file is not what it must be, so nothing is written to it. */
static rnf_status judge(struct rnf_lines *lines, enum rnf_lines_of of, rnf_status status)
{
	if (status >= 0 && of == RNF_LINES_OF_RUN) status = settle(lines->path, lines->fd);
	if (status >= 0) return status;
	close(lines->fd);
	lines->path = NULL;
	return status;
}

rnf_status rnf_lines_create(struct rnf_lines *lines, const char *path, enum rnf_lines_of of)
{
	RNF_TRY(open_for(lines, path, of, O_TRUNC));
	return judge(lines, of, RNF_OK);
}

/* Bytes of the lines that stay; an incomplete last line does not, nor one that is too long
 * for a log. */
static rnf_status count_kept(FILE *file, const char *path,
			     int (*keep)(const char *, const void *), const void *context,
			     off_t *kept)
{
	struct rnf_line line;
	rnf_status status;
	line.number = 0;
	while ((status = rnf_line_read(&line, file, path)) >= 0 && line.n > 0) {
		if (line.text[line.n - 1] != '\n' || !keep(line.text, context)) break;
		*kept += (off_t)line.n;
	}
	return status == RNF_EINVAL ? RNF_OK : status;
}

/* A file that cannot be read must not count as empty: it would be truncated. */
static rnf_status kept_bytes(const char *path, int (*keep)(const char *, const void *),
			     const void *context, off_t *kept)
{
	struct stat st;
	FILE *file;
	*kept = 0;
	if (stat(path, &st) != 0 || !S_ISREG(st.st_mode)) return RNF_OK;
	RNF_TRY(rnf_file_read(path, 0, &file));
	const rnf_status status = count_kept(file, path, keep, context, kept);
	fclose(file);
	return status;
}

rnf_status rnf_lines_resume(struct rnf_lines *lines, const char *path, enum rnf_lines_of of,
			    int (*keep)(const char *line, const void *context),
			    const void *context)
{
	off_t kept;
	*lines = (struct rnf_lines){ .path = NULL };
	RNF_TRY(kept_bytes(path, keep, context, &kept));
	RNF_TRY(open_for(lines, path, of, O_APPEND));
	const int cut = ftruncate(lines->fd, kept) == 0 || errno == EINVAL; /* a pipe */
	return judge(lines, of, cut ? RNF_OK : rnf_fail_errno(path));
}

int rnf_lines_empty(const struct rnf_lines *lines)
{
	return lseek(lines->fd, 0, SEEK_END) == 0;
}

/* Write all of it or, on a disk, nothing. */
static int write_whole(int fd, const char *text, size_t n)
{
	for (size_t done = 0; done < n;) {
		const ssize_t wrote = write(fd, text + done, n - done);
		if (wrote < 0 && errno == EINTR) continue;
		if (wrote >= 0) {
			done += (size_t)wrote;
			continue;
		}
		const int cause = errno;
		const off_t end = lseek(fd, 0, SEEK_CUR);
		if (end >= 0 && done > 0 && ftruncate(fd, end - (off_t)done) == 0)
			lseek(fd, end - (off_t)done, SEEK_SET);
		errno = cause;
		return -1;
	}
	return 0;
}

/* Report the first failure only. */
static void note(struct rnf_lines *lines, const char *meaning)
{
	if (lines->error) return;
	lines->error = errno;
	rnf_log(RNF_LOG_WARNING, "%s: %s; %s", lines->path, strerror(errno), meaning);
}

void rnf_lines_put(struct rnf_lines *lines, const char *text, size_t n)
{
	if (!lines->path || write_whole(lines->fd, text, n) == 0) return;
	note(lines, "lines of it are lost from here on");
}

/* A pipe or a terminal cannot be synced: EINVAL. */
void rnf_lines_sync(struct rnf_lines *lines)
{
	if (!lines->path || fdatasync(lines->fd) == 0) return;
	if (errno != EINVAL && errno != ENOTSUP && errno != EROFS)
		note(lines, "lines of it may be lost");
}

rnf_status rnf_lines_close(struct rnf_lines *lines, rnf_status status)
{
	if (!lines->path) return status;
	errno = 0;
	if (close(lines->fd) != 0 && !lines->error) lines->error = errno;
	errno = lines->error;
	if (lines->error && status >= 0) status = rnf_fail_errno(lines->path);
	lines->path = NULL;
	return status;
}

const char *rnf_number_text(char text[32], double value)
{
	if (!isfinite(value)) return isnan(value) ? "nan" : value < 0 ? "-inf" : "inf";
	for (int digits = 9; digits <= 17; digits++) {
		snprintf(text, 32, "%.*g", digits, value);
		if (strtod(text, NULL) == value) break;
	}
	return text;
}
