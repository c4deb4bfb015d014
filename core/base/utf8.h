/* Texts that go into files and onto terminals. */
#ifndef RNF_BASE_UTF8_H
#define RNF_BASE_UTF8_H

#include <stddef.h>

/* Bytes of the character at p, which is not at the end; 0: it is none. */
size_t rnf_utf8_length(const char *p);
/* Bytes of the character at p, n of which are there (n > 0), when a terminal shows it
 * and does nothing else; 0: it is a control character, of ASCII or of Latin-1
 * (U+0080 to U+009F), a line separator, a mark of writing direction, or no UTF-8. */
size_t rnf_utf8_plain(const char *p, size_t n);
/* What a text must be that a checkpoint, a log and a terminal hold as it is, in words
 * for after "must be"; NULL: it is. */
const char *rnf_utf8_must(const char *text);

#endif
