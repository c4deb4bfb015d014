/* Reads conf files into one text: checks them with the scanner, expands each @include and
 * remembers which line of which file each line came from. */
#ifndef RNF_CONF_SOURCE_H
#define RNF_CONF_SOURCE_H

#include <stddef.h>
#include <rnframe/abi.h>

struct rnf_source_line {
	const char *file;
	int line;
};

struct rnf_source {
	char *text; /* n bytes and a zero */
	size_t n;
	const char *written; /* the text before check() */
	struct rnf_source_line *lines; /* at[i] is line i + 1 of the text */
	size_t n_lines;
};

/* Find a file by name: beside the file `from` (NULL: in the current folder, also with
 * `.cfg` appended), else in conf_dir. */
rnf_status rnf_source_find(const char *name, const char *from,
			   const char *conf_dir, const char **path);
rnf_status rnf_source_read(const char *path, const char *conf_dir,
			   struct rnf_source *source);
/* The same for a text in memory, which may include nothing; messages call it `name`. */
rnf_status rnf_source_text(const char *name, const char *text, struct rnf_source *source);
/* Refuse what libconfig 1.5 would misread or not explain (numbers that do not fit,
 * duplicate keys, deep nesting, huge groups, an include of its own), and end every whole
 * number in L, so that it keeps 64 bits. (scanner.c) */
rnf_status rnf_source_check(struct rnf_source *source);
/* Line `line` (from 1) as it was written, without the blanks around it. */
const char *rnf_source_words(const struct rnf_source *source, int line);
/* File and line that line `line` (from 1) of the text comes from. */
struct rnf_source_line rnf_source_place(const struct rnf_source *source, int line);

/* -- between the files of this folder -- */

enum rnf_source_state { RNF_SOURCE_PLAIN, RNF_SOURCE_STRING, RNF_SOURCE_COMMENT };
/* The first byte after the string or comment that begins or continues at p; p itself if
 * there is none. *state says what is still open at `end`. */
const char *rnf_source_skip(const char *p, const char *end, enum rnf_source_state *state);

#endif
