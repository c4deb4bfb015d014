/* Texts that go into files and onto terminals. */
#ifndef RNF_BASE_UTF8_H
#define RNF_BASE_UTF8_H

#include <stddef.h>

/* Bytes of the character at p, which is not at the end; 0: it is none. */
size_t rnf_utf8_length(const char *p);
/* What a text must be that a checkpoint, a log and a terminal hold as it is, in words
 * for after "must be"; NULL: it is. */
const char *rnf_utf8_must(const char *text);

#endif
