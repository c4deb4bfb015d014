/* Verbs of the program, one file each. A verb gets its options parsed and returns a
 * status; main prints the message of a failure. */
#ifndef RNF_CLI_CLI_H
#define RNF_CLI_CLI_H

#include <rnframe/abi.h>

struct rnf_texts { /* of an option that may be repeated */
	const char *at[256];
	size_t n;
};

struct rnf_options {
	int argc; /* the whole command line, as main received it */
	char **argv;
	const char *conf, *out, *weights, *log, *json, *probs, *split, *report;
	const char *input, *names, *fold, *topk, *format, *tta, *sort_into, *link, *top, *csv;
	const char *int8, *calibrate, *main, *measure;
	const char *mirror, *plugin_path, *steps, *mode, *resume, *extend, *origin;
	const char *sheet, *data, *like, *phases, *svg;
	const char *seeds, *random, *jobs, *budget, *dry_run, *table, *sort;
	struct rnf_texts varies, arms, wheres;
	const char *sets[256];
	size_t n_sets;
	const char **words; /* other arguments, in order; NULL where a verb's are missing */
	size_t n_words;
};

enum { RNF_WORDS_ANY = 1 << 30 }; /* most_words: as many as there are */

enum {
	RNF_VERB_ASKS = 1,     /* it polls for signals; others end by them like any program */
	RNF_VERB_OF_MODEL = 2, /* its first word is a run folder or a file of weights, no conf */
};

struct rnf_verb {
	const char *name, *usage, *brief;
	rnf_status (*run)(const struct rnf_options *);
	size_t most_words;
	/* that it takes besides --plugin-path, ended by NULL; "--json!": without a value
	 * here */
	const char *options[12];
	int flags;
};

/* Sort a verb's arguments into `o`. An argument that the verb does not take, that is
 * repeated, empty or left over is refused. A verb that takes --conf and is not of a model
 * takes its first word as the conf too. */
rnf_status rnf_options_parse(struct rnf_options *o, const struct rnf_verb *verb,
			     int n, char **arguments);

/* The number 1 .. most that follows an option, as `text`; `usual` if that is NULL. */
rnf_status rnf_options_number(const char *option, const char *text, int64_t usual, int64_t most,
			      int64_t *number);

/* Check the files that the options name for writing: none may be an input or equal
 * another, and each can be written. (outputs.c) */
rnf_status rnf_outputs_check(const struct rnf_options *o);
/* Refuse the file that `option` names for writing if it is the input. */
rnf_status rnf_output_apart(const char *option, const char *output, const char *input);
/* Check the folder that `option` names for files to be written, if it is given. Nothing is
 * made: the work for them may fail. */
rnf_status rnf_output_folder(const char *option, const char *dir);

rnf_status rnf_verb_train(const struct rnf_options *);
rnf_status rnf_verb_eval(const struct rnf_options *);
rnf_status rnf_verb_predict(const struct rnf_options *);
rnf_status rnf_verb_mistakes(const struct rnf_options *);
rnf_status rnf_verb_export(const struct rnf_options *);
rnf_status rnf_verb_verify(const struct rnf_options *);
rnf_status rnf_verb_card(const struct rnf_options *);
rnf_status rnf_verb_pack(const struct rnf_options *);
rnf_status rnf_verb_check(const struct rnf_options *);
rnf_status rnf_verb_plan(const struct rnf_options *);
rnf_status rnf_verb_profile(const struct rnf_options *);
rnf_status rnf_verb_lr(const struct rnf_options *);
rnf_status rnf_verb_study(const struct rnf_options *);
rnf_status rnf_verb_runs(const struct rnf_options *);
rnf_status rnf_verb_compare(const struct rnf_options *);
rnf_status rnf_verb_diff(const struct rnf_options *);
rnf_status rnf_verb_inspect(const struct rnf_options *);
rnf_status rnf_verb_confs(const struct rnf_options *);
rnf_status rnf_verb_data(const struct rnf_options *);
rnf_status rnf_verb_new(const struct rnf_options *);
rnf_status rnf_verb_fetch(const struct rnf_options *);

#endif
