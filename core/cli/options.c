/* The arguments of a verb. Nothing is ignored: an argument without effect is an error,
 * since its user expects one. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/status.h"
#include "cli/cli.h"
#include "conf/conf.h"

enum { WORDS_ASKED = 2 }; /* a verb looks at so many, given or not */
enum { VALUE, ALONE, LIST }; /* a text; the option's own name; a list; --set: another list */

/* Where the value of an option is stored. */
static const struct row {
	const char *name;
	size_t offset;
	int form;
} rows[] = {
	{ "--conf", offsetof(struct rnf_options, conf), VALUE },
	{ "--out", offsetof(struct rnf_options, out), VALUE },
	{ "--weights", offsetof(struct rnf_options, weights), VALUE },
	{ "--log", offsetof(struct rnf_options, log), VALUE },
	{ "--resume", offsetof(struct rnf_options, resume), VALUE },
	{ "--extend", offsetof(struct rnf_options, extend), VALUE },
	{ "--json", offsetof(struct rnf_options, json), VALUE },
	{ "--probs", offsetof(struct rnf_options, probs), VALUE },
	{ "--split", offsetof(struct rnf_options, split), VALUE },
	{ "--report", offsetof(struct rnf_options, report), VALUE },
	{ "--input", offsetof(struct rnf_options, input), VALUE },
	{ "--names", offsetof(struct rnf_options, names), VALUE },
	{ "--topk", offsetof(struct rnf_options, topk), VALUE },
	{ "--format", offsetof(struct rnf_options, format), VALUE },
	{ "--tta", offsetof(struct rnf_options, tta), VALUE },
	{ "--sort-into", offsetof(struct rnf_options, sort_into), VALUE },
	{ "--link", offsetof(struct rnf_options, link), ALONE },
	{ "--top", offsetof(struct rnf_options, top), VALUE },
	{ "--csv", offsetof(struct rnf_options, csv), VALUE },
	{ "--fold", offsetof(struct rnf_options, fold), ALONE },
	{ "--int8", offsetof(struct rnf_options, int8), ALONE },
	{ "--calibrate", offsetof(struct rnf_options, calibrate), VALUE },
	{ "--main", offsetof(struct rnf_options, main), ALONE },
	{ "--measure", offsetof(struct rnf_options, measure), ALONE },
	{ "--mirror", offsetof(struct rnf_options, mirror), VALUE },
	{ "--steps", offsetof(struct rnf_options, steps), VALUE },
	{ "--mode", offsetof(struct rnf_options, mode), VALUE },
	{ "--plugin-path", offsetof(struct rnf_options, plugin_path), VALUE },
	{ "--phases", offsetof(struct rnf_options, phases), ALONE },
	{ "--svg", offsetof(struct rnf_options, svg), VALUE },
	{ "--origin", offsetof(struct rnf_options, origin), ALONE },
	{ "--sheet", offsetof(struct rnf_options, sheet), VALUE },
	{ "--data", offsetof(struct rnf_options, data), VALUE },
	{ "--like", offsetof(struct rnf_options, like), VALUE },
	{ "--set", 0, LIST },
	{ "--vary", offsetof(struct rnf_options, varies), LIST },
	{ "--arm", offsetof(struct rnf_options, arms), LIST },
	{ "--seeds", offsetof(struct rnf_options, seeds), VALUE },
	{ "--random", offsetof(struct rnf_options, random), VALUE },
	{ "--jobs", offsetof(struct rnf_options, jobs), VALUE },
	{ "--budget", offsetof(struct rnf_options, budget), VALUE },
	{ "--sort", offsetof(struct rnf_options, sort), VALUE },
	{ "--where", offsetof(struct rnf_options, wheres), LIST },
	{ "--dry-run", offsetof(struct rnf_options, dry_run), ALONE },
	{ "--table", offsetof(struct rnf_options, table), ALONE },
};
enum { N_ROWS = sizeof rows / sizeof *rows };

/* How the verb declares the option, or NULL. */
static const char *listed(const struct rnf_verb *verb, const char *name)
{
	const size_t n = strlen(name);
	for (size_t i = 0; verb->options[i]; i++)
		if (!strncmp(verb->options[i], name, n) && strchr("!", verb->options[i][n]))
			return verb->options[i];
	return strcmp(name, "--plugin-path") ? NULL : "--plugin-path";
}

static int takes(const struct rnf_verb *verb, const char *name)
{
	return listed(verb, name) != NULL;
}

static int is_alone(const struct rnf_verb *verb, const struct row *row)
{
	return row->form == ALONE || strchr(listed(verb, row->name), '!');
}

/* Report what is wrong with an argument, and the verb's usage. */
static rnf_status refuse(const struct rnf_verb *verb, const char *why)
{
	return rnf_fail(RNF_EINVAL, "%s; usage: rnframe %s%s%s", why, verb->name,
			*verb->usage ? " " : "", verb->usage);
}

static const struct row *find_row(const char *name)
{
	for (size_t i = 0; i < N_ROWS; i++)
		if (!strcmp(rows[i].name, name)) return &rows[i];
	return NULL;
}

static rnf_status unknown_option(const struct rnf_verb *verb, const char *name)
{
	const char *names[N_ROWS];
	size_t n = 0;
	for (size_t i = 0; i < N_ROWS; i++)
		if (takes(verb, rows[i].name)) names[n++] = rows[i].name;
	const char *near = rnf_nearest(name, names, n);
	return refuse(verb, rnf_format("unknown option %s%s%s%s", name,
				       near ? " (did you mean " : "",
				       near ? near : "", near ? "?)" : ""));
}

static rnf_status add_set(struct rnf_options *o, const char *text)
{
	if (o->n_sets == sizeof o->sets / sizeof *o->sets)
		return rnf_fail(RNF_EINVAL, "more than %zu overrides", o->n_sets);
	o->sets[o->n_sets++] = text;
	return RNF_OK;
}

static rnf_status add_text(struct rnf_options *o, const struct row *row, const char *text)
{
	struct rnf_texts *list = (struct rnf_texts *)((char *)o + row->offset);
	if (list->n == sizeof list->at / sizeof *list->at)
		return rnf_fail(RNF_EINVAL, "%s is given more than %zu times", row->name, list->n);
	list->at[list->n++] = text;
	return RNF_OK;
}

static rnf_status keep(struct rnf_options *o, const struct row *row, const char *value)
{
	if (!*value) return rnf_fail(RNF_EINVAL, "%s is empty", row->name);
	if (!strcmp(row->name, "--set")) return add_set(o, value);
	if (row->form == LIST) return add_text(o, row, value);
	const char **place = (const char **)((char *)o + row->offset);
	if (*place)
		return rnf_fail(RNF_EINVAL, "%s is given twice: %s and %s", row->name,
				*place, value);
	*place = value;
	return RNF_OK;
}

/* `--name value` or `--name=value`; *used counts the arguments taken. A value that begins
 * with two dashes is more likely the next option. */
static rnf_status add_option(struct rnf_options *o, const struct rnf_verb *verb,
			     char **argument, int left, int *used)
{
	const char *equals = strchr(argument[0], '=');
	const char *name = rnf_strndup(argument[0], strcspn(argument[0], "="));
	const struct row *row = find_row(name);
	if (!row) return unknown_option(verb, name);
	if (!takes(verb, name))
		return refuse(verb, rnf_format("%s does not take %s", verb->name, name));
	if (is_alone(verb, row)) {
		if (equals) return refuse(verb, rnf_format("%s takes no value", name));
		return keep(o, row, name);
	}
	if (!equals && (left < 2 || !strncmp(argument[1], "--", 2)))
		return refuse(verb, rnf_format("%s needs a value", name));
	*used = equals ? 1 : 2;
	return keep(o, row, equals ? equals + 1 : argument[1]);
}

static rnf_status add_word(struct rnf_options *o, const struct rnf_verb *verb,
			   const char *word)
{
	if (!*word) return refuse(verb, "an argument is empty");
	if (o->n_words == verb->most_words)
		return refuse(verb, rnf_format("%s is one argument too many", word));
	o->words[o->n_words++] = word;
	return RNF_OK;
}

/* key.path=value, unless it is a path: sweeps name folders runs/lr=0.1,seed=3. A verb
 * without overrides takes every word. */
static int is_override(const struct rnf_verb *verb, const char *word)
{
	const char *equals = strchr(word, '=');
	return equals && takes(verb, "--set") && !memchr(word, '/', (size_t)(equals - word)) &&
	       access(word, F_OK) != 0;
}

static rnf_status find_conf(struct rnf_options *o, const struct rnf_verb *verb)
{
	if (!takes(verb, "--conf") || (verb->flags & RNF_VERB_OF_MODEL) || o->n_words == 0) return RNF_OK;
	if (o->conf)
		return rnf_fail(RNF_EINVAL, "the conf is given twice: --conf %s and %s",
				o->conf, o->words[0]);
	o->conf = o->words[0];
	return RNF_OK;
}

rnf_status rnf_options_number(const char *option, const char *text, int64_t usual, int64_t most,
			      int64_t *number)
{
	char *end;
	*number = usual;
	if (!text) return RNF_OK;
	errno = 0;
	*number = strtoll(text, &end, 10);
	if (*end || errno || *number < 1 || *number > most)
		return rnf_fail(RNF_EINVAL, "%s is \"%s\", must be a number of 1 .. %lld", option, text,
				(long long)most);
	return RNF_OK;
}

rnf_status rnf_options_parse(struct rnf_options *o, const struct rnf_verb *verb,
			     int n, char **arguments)
{
	o->words = rnf_alloc((size_t)(n + WORDS_ASKED) * sizeof *o->words);
	for (int i = 0, used = 1; i < n; i += used) {
		used = 1;
		if (arguments[i][0] == '-' && arguments[i][1])
			RNF_TRY(add_option(o, verb, arguments + i, n - i, &used));
		else if (is_override(verb, arguments[i]))
			RNF_TRY(add_set(o, arguments[i]));
		else
			RNF_TRY(add_word(o, verb, arguments[i]));
	}
	return find_conf(o, verb);
}
