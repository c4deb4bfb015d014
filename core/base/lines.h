/* A log of whole lines: each is one write, so that a killed process leaves no half line.
 * A line that cannot be written is lost and the first loss is reported; the run
 * continues, and close() returns the failure. [main] */
#ifndef RNF_BASE_LINES_H
#define RNF_BASE_LINES_H

#include <stddef.h>
#include <stdio.h>
#include <rnframe/abi.h>

struct rnf_lines {
	const char *path; /* NULL: nothing is written */
	int fd;
	int error;        /* errno of the first line that was lost */
};

/* A log of a run folder is a regular file and no link, and its name is on the disk once
 * it is open. A log that the user names may also be a pipe or a terminal. */
enum rnf_lines_of { RNF_LINES_OF_RUN, RNF_LINES_OF_USER };

/* Create or replace. */
rnf_status rnf_lines_create(struct rnf_lines *lines, const char *path, enum rnf_lines_of of);
/* Continue after the leading lines for which keep(line, context) != 0; truncate the rest.
 * Creates a missing file. */
rnf_status rnf_lines_resume(struct rnf_lines *lines, const char *path, enum rnf_lines_of of,
			    int (*keep)(const char *line, const void *context),
			    const void *context);
/* Is the log empty? */
int rnf_lines_empty(const struct rnf_lines *lines);
/* `text` ends in a newline. */
void rnf_lines_put(struct rnf_lines *lines, const char *text, size_t n);
/* Sync the log, where it is on a disk. A failure is reported and recorded like a lost
 * line. */
void rnf_lines_sync(struct rnf_lines *lines);
/* Return RNF_EIO when a line was lost, unless `status` is bad already: then that, with
 * its message. */
rnf_status rnf_lines_close(struct rnf_lines *lines, rnf_status status);

/* -- lines of files that anybody may have written -- */

enum { RNF_LINE_MAX = 1 << 16 };
struct rnf_line {
	char text[RNF_LINE_MAX + 1]; /* with its newline; the last one may have none */
	size_t n, number;            /* bytes, 0: the end of the file; from 1 */
};
/* The next one; begin with number 0. RNF_EINVAL for a longer one, RNF_EIO. */
rnf_status rnf_line_read(struct rnf_line *line, FILE *file, const char *path);

/* The shortest text that reads back to the same bits; "nan", "inf" and "-inf". */
const char *rnf_number_text(char text[32], double value);

#endif
