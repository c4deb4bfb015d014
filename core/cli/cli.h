/* Verbs of the program: one file each. A verb gets its options parsed and
 * returns a status; main prints the words of a failure. */
#ifndef RNF_CLI_CLI_H
#define RNF_CLI_CLI_H

#include <rnframe/abi.h>

struct rnf_options {
	const char *conf, *out, *weights, *log, *json, *probs, *split;
	const char *mirror;
	const char *sets[256];
	size_t n_sets;
	const char *words[8]; /* other arguments, in order */
	size_t n_words;
};

struct rnf_verb {
	const char *name, *usage, *brief;
	rnf_status (*run)(const struct rnf_options *);
};

rnf_status rnf_verb_train(const struct rnf_options *);
rnf_status rnf_verb_eval(const struct rnf_options *);
rnf_status rnf_verb_plan(const struct rnf_options *);
rnf_status rnf_verb_inspect(const struct rnf_options *);
rnf_status rnf_verb_confs(const struct rnf_options *);
rnf_status rnf_verb_fetch(const struct rnf_options *);

#endif
