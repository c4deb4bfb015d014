/* UTF-8 text for files and terminals. */
#ifndef RNF_BASE_UTF8_H
#define RNF_BASE_UTF8_H

#include <stddef.h>

/* Length of the character at p, which is not at the end; 0: not UTF-8. */
size_t rnf_utf8_length(const char *p);
/* Length of the character at p, where n > 0 bytes are available, if a terminal just shows
 * it; 0: it is a control character, of ASCII or of Latin-1 (U+0080 to U+009F), a line
 * separator, a mark of writing direction, or not UTF-8. */
size_t rnf_utf8_plain(const char *p, size_t n);
/* Columns of a terminal that the character at p takes; 0: not UTF-8, or a mark on the one
 * before. */
int rnf_utf8_columns(const char *p);
/* What a text must be so that checkpoints, logs and terminals can hold it unchanged, to
 * follow "must be"; NULL: it is. */
const char *rnf_utf8_must(const char *text);

#endif
