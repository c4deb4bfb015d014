/* What each option does, in words: for `rnframe help VERB` and the manual page. */
#ifndef RNF_CLI_WORDS_H
#define RNF_CLI_WORDS_H

#include <stdio.h>
#include "cli/cli.h"

struct rnf_option_words {
	const char *name, *value, *brief; /* "--out", "DIR" or "", words */
};
/* The words of option i of the verb. The last option is --plugin-path, which every verb takes;
 * returns 0 for any i behind it. */
int rnf_option_words(const struct rnf_verb *verb, size_t i, struct rnf_option_words *words);

/* Lines of two columns. */
struct rnf_pair {
	const char *name, *words;
};
extern const struct rnf_pair rnf_exit_words[];    /* status, meaning; ended by NULL, as all */
extern const struct rnf_pair rnf_environment[];   /* variable, meaning */
/* Write the usage of a verb and its options. */
void rnf_verb_print(const struct rnf_verb *verb, FILE *out);

/* Write the pages as mdoc. (man.c) */
void rnf_man_program(const struct rnf_verb *verbs, size_t n, FILE *out);
void rnf_man_conf(FILE *out);
/* Call visit(name, out) for each conf that comes with the program. (confs.c) */
rnf_status rnf_confs_each(void (*visit)(const char *name, FILE *out), FILE *out);
/* Write a script for bash. (completion.c) */
void rnf_completion(const struct rnf_verb *verbs, size_t n, FILE *out);

#endif
