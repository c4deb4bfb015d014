/* For tests that run the program as a user does, and read what it says. Short names, since
 * they stand on most lines of such a test. */
#ifndef TEST_SAID_H
#define TEST_SAID_H

#include <string.h>

#include "base/arena.h"
#include "lib/plugin.h"
#include "lib/program.h"

/* What the last command printed. */
static char out[1 << 18];

/* Run `build/rnframe ARGUMENTS`, which must exit with this status. */
static inline void run(int status, const char *arguments)
{
	const int got = test_program(out, sizeof out, "%s", arguments);
	ck_assert_msg(got == status, "%s: status %d: %.6000s", arguments, got, out);
}

static inline int said(const char *words)
{
	return strstr(out, words) != NULL;
}

/* It must have said these words. */
static inline void has(const char *words)
{
	ck_assert_msg(said(words), "no \"%s\": %.6000s", words, out);
}

/* "@/a" becomes "DIR/a". Kept. */
static inline const char *in(const char *dir, const char *text)
{
	const char *at = strchr(text, '@');
	return at ? in(dir, rnf_format("%.*s%s%s", (int)(at - text), text, dir, at + 1)) : text;
}

#endif
