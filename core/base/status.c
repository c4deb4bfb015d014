#include "base/status.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/child.h"
#include "base/draw.h"
#include "base/file.h"
#include "base/text.h"

enum { MAX_LINES = 20, LINE = RNF_LINE_BYTES, PLACE = 512 };

static _Thread_local char words[(MAX_LINES + 1) * LINE];

static struct { /* failures put aside */
	rnf_status status; /* status of the first */
	const char *lines[MAX_LINES];
	int n, more;
} aside;

/* Format all of it; the line shows what fits. */
static size_t put_line(char *line, size_t room, const char *format, va_list args)
{
	char text[LINE];
	va_list again;
	va_copy(again, args);
	const int n = vsnprintf(text, sizeof text, format, args);
	char *whole = n >= LINE ? malloc((size_t)n + 1) : NULL;
	if (whole) vsnprintf(whole, (size_t)n + 1, format, again);
	va_end(again);
	const size_t length = whole ? rnf_text_line(line, room, whole, (size_t)n)
				    : rnf_text_line(line, room, text, strlen(text));
	free(whole);
	return length;
}

rnf_status rnf_fail(rnf_status status, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	put_line(words, LINE - PLACE, format, args); /* a place may be put in front */
	va_end(args);
	return status;
}

rnf_status rnf_fail_again(rnf_status status, const char *kept)
{
	snprintf(words, sizeof words, "%s", kept);
	return status;
}

/* When several places make the first line too long, its middle is cut out. */
rnf_status rnf_fail_in(rnf_status status, const char *format, ...)
{
	char whole[PLACE + LINE];
	va_list args;
	va_start(args, format);
	const size_t n = put_line(whole, PLACE, format, args), old = strcspn(words, "\n");
	va_end(args);
	memcpy(whole + n, words, old);
	char first[LINE];
	const size_t length = rnf_text_line(first, sizeof first, whole, n + old);
	memmove(words + length, words + old, strlen(words + old) + 1);
	memcpy(words, first, length);
	return status;
}

rnf_status rnf_errno_status(rnf_status other)
{
	switch (errno) {
	case ENOMEM: return RNF_ENOMEM;
	case EIO: case ESTALE: case EMFILE: case ENFILE: return RNF_EIO;
	default: return other;
	}
}

rnf_status rnf_fail_errno(const char *path)
{
	return rnf_fail(rnf_errno_status(RNF_EIO), "%s: %s", path, strerror(errno));
}

rnf_status rnf_fail_input(const char *path)
{
	return rnf_fail(rnf_errno_status(RNF_EINVAL), "%s: %s", path, strerror(errno));
}

rnf_status rnf_fail_out(rnf_status status, const char *what)
{
	return status != RNF_EIO ? status
		: rnf_fail(status, "%s; --out DIR is another folder for %s", rnf_fail_line(), what);
}

const char *rnf_fail_words(void)
{
	return words[0] ? words : "failed without a reason";
}

void rnf_fail_forget(void)
{
	words[0] = 0;
}

int rnf_fail_has_words(void)
{
	return words[0] != 0;
}

const char *rnf_fail_line(void)
{
	const char *all = rnf_fail_words();
	return rnf_strndup(all, strcspn(all, "\n"));
}

#define MORE "and %d more" /* as fail_all() builds it, and aside() parses it */

static void put_aside(const char *line)
{
	int more = 0, end = 0;
	if (sscanf(line, MORE "%n", &more, &end) == 1 && end && !line[end]) {
		aside.more += more;
		return;
	}
	for (int i = 0; i < aside.n; i++)
		if (!strcmp(aside.lines[i], line)) return;
	if (aside.n < MAX_LINES) aside.lines[aside.n++] = line;
	else aside.more++;
}

/* The message may have several lines, from an inner rnf_fail_all(). */
void rnf_fail_aside(rnf_status status)
{
	if (status >= 0) return;
	if (aside.n == 0) aside.status = status;
	for (const char *line = rnf_fail_words(); *line; line += *line == '\n') {
		const size_t n = strcspn(line, "\n");
		put_aside(rnf_strndup(line, n));
		line += n;
	}
}

rnf_status rnf_fail_all(void)
{
	const rnf_status status = aside.n ? aside.status : RNF_OK;
	size_t n = 0;
	for (int i = 0; i < aside.n; i++)
		n += (size_t)sprintf(words + n, "%s%s", n ? "\n" : "", aside.lines[i]);
	if (aside.more) sprintf(words + n, "\n" MORE, aside.more);
	aside.n = aside.more = 0;
	return status;
}

/* A status that is not in the table is an internal error: 1. The first entry of a code
 * stands for it. */
static const struct {
	rnf_status status;
	int code;
} exits[] = {
	{ RNF_OK, 0 }, { RNF_EINVAL, 2 }, { RNF_ENOENT, 2 }, { RNF_EUNSUP, 2 },
	{ RNF_EIO, 3 }, { RNF_ENUMBER, 4 }, { RNF_EPLUGIN, 5 }, { RNF_ESTOPPED, 75 },
};

int rnf_status_exit(rnf_status status)
{
	if (status >= 0) return 0;
	for (size_t i = 0; i < sizeof exits / sizeof *exits; i++)
		if (exits[i].status == status) return exits[i].code;
	/* an undefined status comes from a plugin */
	return status < RNF_ESTOPPED ? 5 : 1;
}

rnf_status rnf_status_of_exit(int code)
{
	for (size_t i = 0; i < sizeof exits / sizeof *exits; i++)
		if (exits[i].code == code) return exits[i].status;
	return RNF_EINTERNAL;
}

static int silent;

void rnf_log_nothing(void)
{
	silent = 1;
}

void rnf_log(enum rnf_level level, const char *format, ...)
{
	static const char *const labels[] = { "error: ", "warning: ", "", "debug: " };
	char line[LINE];
	va_list args;
	if (silent) return;
	va_start(args, format);
	put_line(line, sizeof line, format, args);
	va_end(args);
	fprintf(stderr, "%s%s\n", labels[level], line);
}

static const char *run(const char *dir, const char *const *arguments, int limit_ms)
{
	return rnf_child_run(dir, arguments, NULL, limit_ms);
}

static const char *put(const char *path, const char *text, size_t n)
{
	return rnf_file_put(path, text, n) < 0 ? rnf_fail_words() : NULL;
}

const struct rnf_host rnf_host = {
	.size = sizeof(struct rnf_host),
	.abi_major = RNF_ABI_MAJOR,
	.abi_minor = RNF_ABI_MINOR,
	.version = RNF_VERSION,
	.fail = rnf_fail,
	.log = rnf_log,
	.alloc = rnf_alloc,
	.run = run,
	.put = put,
	.draw = rnf_draw,
};
