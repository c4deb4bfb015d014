/* A log of whole lines: each is one write, so that a process that is killed
 * leaves no half of one. A line that cannot be written is said once and lost;
 * the run goes on, and close() tells. [main] */
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

/* A log of a run folder is a regular file and no link, and once it is open its name
 * is on the disk; one that the user names may be what it wants: a pipe, a terminal. */
enum rnf_lines_of { RNF_LINES_OF_RUN, RNF_LINES_OF_USER };

/* Create or replace. */
rnf_status rnf_lines_create(struct rnf_lines *lines, const char *path, enum rnf_lines_of of);
/* Go on after the last of the first lines that all have keep(line, context) != 0;
 * the rest is cut off. Creates the file when there is none. */
rnf_status rnf_lines_resume(struct rnf_lines *lines, const char *path, enum rnf_lines_of of,
			    int (*keep)(const char *line, const void *context),
			    const void *context);
/* 1 when nothing stands in it yet. */
int rnf_lines_empty(const struct rnf_lines *lines);
/* `text` ends in a newline. */
void rnf_lines_put(struct rnf_lines *lines, const char *text, size_t n);
/* To the disk, as far as it is one; a failure is said and kept as a lost line is. */
void rnf_lines_sync(struct rnf_lines *lines);
/* RNF_EIO when a line was lost, unless `status` is bad already, whose words stay. */
rnf_status rnf_lines_close(struct rnf_lines *lines, rnf_status status);

/* -- lines of files that anybody may have written -- */

enum { RNF_LINE_MAX = 1 << 16 };
struct rnf_line {
	char text[RNF_LINE_MAX + 1]; /* with its newline; the last one may have none */
	size_t n, number;            /* bytes, 0: the end of the file; from 1 */
};
/* The next one; begin with number 0. RNF_EINVAL for a longer one, RNF_EIO. */
rnf_status rnf_line_read(struct rnf_line *line, FILE *file, const char *path);

/* As short as it reads back to the same bits; nan, inf and -inf by these words. */
const char *rnf_number_text(char text[32], double value);

#endif
