/* The message of the last failure, and the log. */
#ifndef RNF_BASE_STATUS_H
#define RNF_BASE_STATUS_H

#include <rnframe/host.h>

/* Room for a line of a message, masked and shortened as text.h describes. */
enum { RNF_LINE_BYTES = 2048 };

/* Keep the message and return the status: return rnf_fail(RNF_EINVAL, "..."). */
rnf_status rnf_fail(rnf_status status, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Put text in front of the message: "conf/a.cfg:41: ". */
rnf_status rnf_fail_in(rnf_status status, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The status for an errno: RNF_ENOMEM, RNF_EIO (the disk, too few descriptors), else
 * `other`. */
rnf_status rnf_errno_status(rnf_status other);
/* Fail with "PATH: strerror" for a file that could not be written: RNF_EIO, or RNF_ENOMEM
 * when there was no memory for it. */
rnf_status rnf_fail_errno(const char *path);
/* The same for a file that could not be read: RNF_EINVAL, since the user named it, unless
 * the disk or the memory failed. */
rnf_status rnf_fail_input(const char *path);
/* Of a folder that cannot be written (RNF_EIO): the message also names --out, which takes another
 * one for `what`. Other statuses pass. */
rnf_status rnf_fail_out(rnf_status status, const char *what);
/* Set a message that this thread kept before, unchanged. */
rnf_status rnf_fail_again(rnf_status status, const char *words);
/* The message of this thread's last failure; never NULL. One line, except after
 * rnf_fail_all(). */
const char *rnf_fail_words(void);
/* Its first line, for a table or another message. Kept. [main] */
const char *rnf_fail_line(void);
/* Clear the message; was one set since? */
void rnf_fail_forget(void);
int rnf_fail_has_words(void);

/* Several failures of one input: a check that continues after a failure puts its message
 * aside (a good status does nothing; equal messages count once) and ends with all(). That
 * returns RNF_OK when nothing was put aside, else the status of the first; the message
 * then holds all of them, a line each: at most 20, then how many more. [main] */
void rnf_fail_aside(rnf_status status);
rnf_status rnf_fail_all(void);

/* The program's exit status for `status`: the table is in README. */
int rnf_status_exit(rnf_status status);
/* The inverse, for another rnframe that exited with `code`. */
rnf_status rnf_status_of_exit(int code);

/* A library has no log: nothing is written from now on. */
void rnf_log_nothing(void);
void rnf_log(enum rnf_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The services that every plugin receives. */
extern const struct rnf_host rnf_host;

#endif
