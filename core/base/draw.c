/* Runs gnuplot so that the result does not depend on the user, and replaces a picture
 * only when the new one is whole. */
#define _GNU_SOURCE /* memmem */
#include "base/draw.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/status.h"

enum { LIMIT_MS = 60000, TAIL = 16 };

static const struct {
	const char *ending, *last; /* how a whole file of that kind ends */
} kinds[] = {
	{ ".png", "IEND\xae" "B`\x82" },
	{ ".svg", "</svg>" },
};

static const char *last_of(const char *name)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (rnf_file_ends(name, kinds[i].ending)) return kinds[i].last;
	return "";
}

/* gnuplot does not notice a full disk. */
static int is_whole(int fd, const char *last)
{
	char tail[TAIL];
	const off_t end = lseek(fd, 0, SEEK_END);
	if (end < TAIL || pread(fd, tail, TAIL, end - TAIL) != TAIL) return 0;
	return memmem(tail, TAIL, last, strlen(last)) != NULL;
}

/* Rename the draft of a picture to its name. */
static rnf_status settle(const char *path)
{
	char draft[PATH_MAX];
	int fd;
	RNF_TRY(rnf_file_open(rnf_file_draft(path, draft), O_RDONLY | O_NOFOLLOW, &fd));
	const rnf_status status = is_whole(fd, last_of(path)) ? RNF_OK
		: rnf_fail(RNF_EIO, "the picture is not whole (is the disk full?)");
	return rnf_file_commit(path, fd, status);
}

static void remove_drafts(const char *dir, const char *const *pictures)
{
	char draft[PATH_MAX];
	for (; *pictures; pictures++)
		unlink(rnf_file_draft(rnf_format("%s/%s", dir, *pictures), draft));
}

/* Suppress all user settings: ~/.gnuplot (-d), GNUTERM and the like, and the locale,
 * which may write 0,5 for a half. */
static const char *run(const char *dir, const char *script)
{
	const char *const words[] = { "gnuplot", "-d", "-e", "draft='.tmp'", script, NULL };
	const char *path = getenv("PATH"), *libraries = getenv("LD_LIBRARY_PATH");
	const char *const environment[] = {
		"LC_ALL=C.UTF-8", rnf_format("PATH=%s", path ? path : "/usr/bin:/bin"),
		libraries ? rnf_format("LD_LIBRARY_PATH=%s", libraries) : NULL, NULL,
	};
	return rnf_child_run(dir, words, environment, LIMIT_MS);
}

const char *rnf_draw(const char *dir, const char *script, const char *const *pictures)
{
	static int hangs;
	if (hangs) return "took too long before and is not started again";
	remove_drafts(dir, pictures); /* gnuplot would write through a link */
	const double start = rnf_now();
	const char *wrong = run(dir, script);
	hangs = rnf_now() - start > LIMIT_MS * 1e-3;
	for (const char *const *p = pictures; *p && !wrong; p++)
		if (settle(rnf_format("%s/%s", dir, *p)) < 0) wrong = rnf_fail_words();
	remove_drafts(dir, pictures);
	return wrong;
}
