/* Comma-separated values as RFC 4180 defines them. */
#ifndef RNF_BASE_CSV_H
#define RNF_BASE_CSV_H

#include <stddef.h>
#include <stdio.h>

#define RNF_CSV_END "\r\n" /* of a line */

/* Write a text in quotes. */
void rnf_csv_text(FILE *out, const char *text);
/* Cut the next field off a line and return its value without quotes, in place; *line
 * moves behind the field and becomes NULL after the last one. NULL: a quote is not
 * closed. */
const char *rnf_csv_field(char **line);

#endif
