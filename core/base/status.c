#include "base/status.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/child.h"
#include "base/draw.h"
#include "base/file.h"

enum { MAX_LINES = 20 };

static _Thread_local char words[8192];

static struct { /* mistakes put aside */
	rnf_status status; /* of the first */
	const char *lines[MAX_LINES];
	int n, more;
} aside;

rnf_status rnf_fail(rnf_status status, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(words, sizeof words, format, args);
	va_end(args);
	return status;
}

rnf_status rnf_fail_in(rnf_status status, const char *format, ...)
{
	char place[512], whole[sizeof words];
	va_list args;
	va_start(args, format);
	vsnprintf(place, sizeof place, format, args);
	va_end(args);
	snprintf(whole, sizeof whole, "%s%.*s", place,
		 (int)(sizeof whole - sizeof place), words);
	memcpy(words, whole, sizeof words);
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

void rnf_fail_aside(rnf_status status)
{
	if (status >= 0) return;
	for (int i = 0; i < aside.n; i++)
		if (!strcmp(aside.lines[i], words)) return;
	if (aside.n == 0) aside.status = status;
	if (aside.n < MAX_LINES) aside.lines[aside.n++] = rnf_format("%s", words);
	else aside.more++;
}

/* Whole lines only: what does not fit is counted. */
rnf_status rnf_fail_all(void)
{
	const rnf_status status = aside.n ? aside.status : RNF_OK;
	const size_t room = sizeof words - 32;
	size_t n = 0;
	for (int i = 0; i < aside.n; i++) {
		const size_t length = strlen(aside.lines[i]);
		if (n + length + 1 > room) aside.more++;
		else n += (size_t)sprintf(words + n, "%s%s", n ? "\n" : "", aside.lines[i]);
	}
	if (aside.more) sprintf(words + n, "\nand %d more", aside.more);
	aside.n = aside.more = 0;
	return status;
}

void rnf_log(enum rnf_level level, const char *format, ...)
{
	static const char *const labels[] = { "error: ", "warning: ", "", "debug: " };
	char line[2048];
	va_list args;
	va_start(args, format);
	vsnprintf(line, sizeof line, format, args);
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
