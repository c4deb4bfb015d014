/* The JSON tokens of a safetensors header. Failures name the byte of the header. */
#ifndef SAFETENSORS_TEXT_H
#define SAFETENSORS_TEXT_H

#include "header.h"

rnf_status text_fail(const struct header *h, const char *what);
/* Check that `text` to `end` is valid UTF-8, as JSON must be, and count the opening
 * braces. */
rnf_status text_check(struct header *h);
/* Return 1 if the next byte that is not blank is c, and move behind it. */
int text_next(struct header *h, char c);
/* The same, or fail. */
rnf_status text_want(struct header *h, char c);
/* A string, decoded in place and terminated by a zero. */
rnf_status text_string(struct header *h, char **string);
/* A whole number from 0 to 2^63 - 1; 0: there is none, and nothing is read. */
int text_number(struct header *h, int64_t *number);

#endif
