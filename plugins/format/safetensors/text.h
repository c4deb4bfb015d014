/* The words of JSON that a header of safetensors is made of. Failures name the
 * byte of the header. */
#ifndef SAFETENSORS_TEXT_H
#define SAFETENSORS_TEXT_H

#include "header.h"

rnf_status text_fail(const struct header *h, const char *what);
/* Valid UTF-8 from `text` to `end`, as all of JSON is; counts the braces that open. */
rnf_status text_check(struct header *h);
/* 1 when the next byte that is no blank is c, which is then behind. */
int text_next(struct header *h, char c);
/* The same, or a failure. */
rnf_status text_want(struct header *h, char c);
/* A string, decoded in its place and ended by a zero. */
rnf_status text_string(struct header *h, char **string);
/* A whole number from 0 to 2^63 - 1; 0: there is none, nothing is read. */
int text_number(struct header *h, int64_t *number);

#endif
