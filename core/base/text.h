/* Text of others (confs, files, file names, plugins) on its way to a terminal, and
 * lists of words in messages. What could steer a terminal or change the order of
 * what is read (all that is not rnf_utf8_plain()) becomes \xNN, byte by byte. */
#ifndef RNF_BASE_TEXT_H
#define RNF_BASE_TEXT_H

#include <stddef.h>

/* Puts n bytes of text into `out` (of `room` bytes, 64 or more) as one masked line,
 * ended by a zero; returns its length. One that is too long loses its middle: " [...
 * N bytes ...] " stands there. Allocates nothing. */
size_t rnf_text_line(char *out, size_t room, const char *text, size_t n);
/* The same in quotes, at most some 200 bytes long. Kept. [main] */
const char *rnf_text_quoted(const char *text);

/* The program's standard output is masked from here on, but for line feeds and tabs.
 * Call it before anything is printed. [main] */
void rnf_text_mask_output(void);

/* A list of words: "a, b, c". Starts as zeros. Only the first words and those that
 * are not long are worth a reader's time: others are shortened or counted. */
struct rnf_list {
	char *text; /* kept; NULL while it is empty */
	size_t bytes, room, n, left_out;
};

/* One more word; `between` stands in front of it, but for the first. [main] */
void rnf_list_add(struct rnf_list *list, const char *between, const char *word);
/* The whole, with "and 3 more" for what was left out; `none` for an empty list. */
const char *rnf_list_text(struct rnf_list *list, const char *none);

#endif
