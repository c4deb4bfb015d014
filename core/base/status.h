/* The words of the last failure, and the log. */
#ifndef RNF_BASE_STATUS_H
#define RNF_BASE_STATUS_H

#include <rnframe/host.h>

/* Room for a line of a message, which is masked and shortened as text.h says. */
enum { RNF_LINE_BYTES = 2048 };

/* Keep the words and return the status: return rnf_fail(RNF_EINVAL, "..."). */
rnf_status rnf_fail(rnf_status status, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Put more words in front of the ones kept: "conf/a.cfg:41: ". */
rnf_status rnf_fail_in(rnf_status status, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* What errno is a matter of: RNF_ENOMEM, RNF_EIO (the disk, too few descriptors), else
 * `other`. */
rnf_status rnf_errno_status(rnf_status other);
/* "PATH: what errno says" of a file that could not be written: RNF_EIO, or
 * RNF_ENOMEM when there was no memory for it. */
rnf_status rnf_fail_errno(const char *path);
/* The same of one that could not be read: RNF_EINVAL, since the user named it,
 * unless the disk or the memory failed. */
rnf_status rnf_fail_input(const char *path);
/* Words that this thread kept before, as they were. */
rnf_status rnf_fail_again(rnf_status status, const char *words);
/* The words kept by this thread; never NULL. One line, but after rnf_fail_all(). */
const char *rnf_fail_words(void);
/* Their first line, for a table or another message. Kept. [main] */
const char *rnf_fail_line(void);
/* Forget them, and ask whether there are new ones. */
void rnf_fail_forget(void);
int rnf_fail_has_words(void);

/* Several mistakes of one input: a check that goes on after one puts its words
 * aside (a good status: does nothing; the same words: count once), and ends in
 * all(): RNF_OK when nothing was put aside, else the status of the first, and
 * the words are all of them, a line each: at most 20, then how many more. [main] */
void rnf_fail_aside(rnf_status status);
rnf_status rnf_fail_all(void);

/* The exit status of a program that ends with `status`: the table is README's. */
int rnf_status_exit(rnf_status status);
/* The other way round: of another rnframe that ended with `code`. */
rnf_status rnf_status_of_exit(int code);

void rnf_log(enum rnf_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The services that every plugin is lent. */
extern const struct rnf_host rnf_host;

#endif
