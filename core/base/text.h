/* Text from outside (confs, files, file names, plugins) on its way to a terminal, and
 * lists of words in messages. Each byte of a character that could steer a terminal or
 * change the order of the text (all that is not rnf_utf8_plain()) becomes \xNN. */
#ifndef RNF_BASE_TEXT_H
#define RNF_BASE_TEXT_H

#include <stddef.h>
#include <stdio.h>

/* Write n bytes of text into `out` (of `room` bytes, 64 or more) as one masked,
 * zero-terminated line; return its length. A long text loses its middle: " [... N bytes
 * ...] " replaces it. Allocates nothing. */
size_t rnf_text_line(char *out, size_t room, const char *text, size_t n);
/* The same in quotes, cut to about 200 bytes. Kept. [main] */
const char *rnf_text_quoted(const char *text);

/* Mask the program's standard output from here on, except tabs and line feeds, and a carriage
 * return in front of one. Call it before anything is printed. [main] */
void rnf_text_mask_output(void);

/* Columns of a terminal that the masked text takes. */
int rnf_text_width(const char *text);
/* Print a cell of a table, so many columns wide: as "%*s" does, which counts bytes. Negative:
 * the text comes first, the blanks behind it. */
void rnf_text_cell(FILE *out, int width, const char *text);

/* A list of words: "a, b, c". Zero-initialize it. Long words are shortened, and beyond
 * the first few they are counted only. */
struct rnf_list {
	char *text; /* kept; NULL while empty */
	size_t bytes, room, n, left_out;
};

/* Append a word; `between` separates it from the one before. [main] */
void rnf_list_add(struct rnf_list *list, const char *between, const char *word);
/* The whole list, with "and 3 more" for what was left out; `none` for an empty list. */
const char *rnf_list_text(struct rnf_list *list, const char *none);

#endif
