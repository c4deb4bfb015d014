/* The arguments of a verb. Nothing is ignored: an argument that would have no
 * effect is an error, since its user expects one. */
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/status.h"
#include "cli/cli.h"
#include "conf/conf.h"

/* Where the value of an option goes; --set adds to a list instead. */
static const struct row {
	const char *name;
	size_t offset;
	int is_alone; /* takes no value */
} rows[] = {
	{ "--conf", offsetof(struct rnf_options, conf), 0 },
	{ "--out", offsetof(struct rnf_options, out), 0 },
	{ "--weights", offsetof(struct rnf_options, weights), 0 },
	{ "--log", offsetof(struct rnf_options, log), 0 },
	{ "--resume", offsetof(struct rnf_options, resume), 0 },
	{ "--extend", offsetof(struct rnf_options, extend), 0 },
	{ "--json", offsetof(struct rnf_options, json), 0 },
	{ "--probs", offsetof(struct rnf_options, probs), 0 },
	{ "--split", offsetof(struct rnf_options, split), 0 },
	{ "--report", offsetof(struct rnf_options, report), 0 },
	{ "--mirror", offsetof(struct rnf_options, mirror), 0 },
	{ "--steps", offsetof(struct rnf_options, steps), 0 },
	{ "--mode", offsetof(struct rnf_options, mode), 0 },
	{ "--plugin-path", offsetof(struct rnf_options, plugin_path), 0 },
	{ "--origin", offsetof(struct rnf_options, origin), 1 },
	{ "--set", 0, 0 },
};
enum { N_ROWS = sizeof rows / sizeof *rows };

static int takes(const struct rnf_verb *verb, const char *name)
{
	for (size_t i = 0; verb->options[i]; i++)
		if (!strcmp(verb->options[i], name)) return 1;
	return !strcmp(name, "--plugin-path");
}

/* What is wrong with an argument, and how the verb is called. */
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

static rnf_status keep(struct rnf_options *o, const struct row *row, const char *value)
{
	if (!*value) return rnf_fail(RNF_EINVAL, "%s is empty", row->name);
	if (!strcmp(row->name, "--set")) return add_set(o, value);
	const char **place = (const char **)((char *)o + row->offset);
	if (*place)
		return rnf_fail(RNF_EINVAL, "%s is given twice: %s and %s", row->name,
				*place, value);
	*place = value;
	return RNF_OK;
}

/* `--name value` or `--name=value`; *used counts the arguments taken. A value
 * that begins with two dashes is more likely the next option. */
static rnf_status add_option(struct rnf_options *o, const struct rnf_verb *verb,
			     char **argument, int left, int *used)
{
	const char *equals = strchr(argument[0], '=');
	const char *name = rnf_strndup(argument[0], strcspn(argument[0], "="));
	const struct row *row = find_row(name);
	if (!row) return unknown_option(verb, name);
	if (!takes(verb, name))
		return refuse(verb, rnf_format("%s does not take %s", verb->name, name));
	if (row->is_alone) {
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

/* key.path=value, unless it is a path: sweeps call folders runs/lr=0.1,seed=3. A verb
 * without overrides takes all words. */
static int is_override(const struct rnf_verb *verb, const char *word)
{
	const char *equals = strchr(word, '=');
	return equals && takes(verb, "--set") && !memchr(word, '/', (size_t)(equals - word)) &&
	       access(word, F_OK) != 0;
}

static rnf_status find_conf(struct rnf_options *o, const struct rnf_verb *verb)
{
	if (!takes(verb, "--conf") || o->n_words == 0) return RNF_OK;
	if (o->conf)
		return rnf_fail(RNF_EINVAL, "the conf is given twice: --conf %s and %s",
				o->conf, o->words[0]);
	o->conf = o->words[0];
	return RNF_OK;
}

rnf_status rnf_options_parse(struct rnf_options *o, const struct rnf_verb *verb,
			     int n, char **arguments)
{
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
