/* Comma-separated values as RFC 4180 has them. */
#ifndef RNF_BASE_CSV_H
#define RNF_BASE_CSV_H

#include <stddef.h>
#include <stdio.h>

/* A text in quotes. */
void rnf_csv_text(FILE *out, const char *text);
/* Cut the next field off a line: its value, without quotes, in the bytes that it stood in;
 * *line goes behind it, and is NULL after the last one. NULL: quotes that do not end. */
const char *rnf_csv_field(char **line);

#endif
