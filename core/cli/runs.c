/* rnframe runs: lists run folders, a line each. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/status.h"
#include "base/text.h"
#include "cli/cli.h"
#include "conf/conf.h"
#include "study/folders.h"
#include "study/outcome.h"
#include "study/where.h"

struct line {
	struct rnf_outcome run;
	double bytes;
};

struct lines {
	struct line *at;
	size_t n;
};

/* -- columns: a text, "" for none, and for those that are sorted as such a number -- */

static const char *name(const struct line *l) { return l->run.name; }
static const char *state(const struct line *l) { return rnf_run_states[l->run.state]; }
static const char *started(const struct line *l) { return l->run.started; }
static const char *folder(const struct line *l) { return l->run.dir; }
static double epoch_number(const struct line *l) { return (double)l->run.epoch; }
static double error_number(const struct line *l) { return l->run.error; }
static double size_number(const struct line *l) { return l->bytes; }

static const char *epoch(const struct line *l)
{
	return rnf_format("%lld/%lld", (long long)l->run.epoch, (long long)l->run.epochs);
}

static const char *error(const struct line *l)
{
	return isfinite(l->run.error) ? rnf_format("%.2f", l->run.error) : "";
}

static const char *size(const struct line *l)
{
	return rnf_format("%.1f MB", l->bytes * 1e-6);
}

static const struct column {
	const char *name;
	const char *(*text)(const struct line *);
	double (*number)(const struct line *);
	int width; /* negative: left-aligned */
} columns[] = {
	{ "name", name, NULL, -24 }, { "state", state, NULL, -10 },
	{ "epoch", epoch, epoch_number, 9 }, { "error", error, error_number, 6 },
	{ "started", started, NULL, -20 }, { "size", size, size_number, 10 },
	{ "folder", folder, NULL, 0 },
};
enum { N_COLUMNS = sizeof columns / sizeof *columns };

static const struct column *find_column(const char *word)
{
	for (size_t i = 0; i < N_COLUMNS; i++)
		if (!strcmp(columns[i].name, word)) return &columns[i];
	return NULL;
}

/* -- --where -- */

struct conditions {
	struct rnf_where at[256];
	int met[256]; /* does any run have the key? */
	size_t n;
};

static rnf_status read_conditions(struct conditions *c, const struct rnf_options *o)
{
	for (c->n = 0; c->n < o->wheres.n; c->n++) {
		RNF_TRY(rnf_where_read(&c->at[c->n], o->wheres.at[c->n]));
		c->met[c->n] = find_column(c->at[c->n].key) != NULL;
	}
	return RNF_OK;
}

/* Of a plugin that has keys of its own: its type, as a conf may call it. */
static const char *text_of(const struct rnf_conf *node)
{
	if (!node) return NULL;
	const struct rnf_conf *type = rnf_conf_get(node, "type");
	const char *word = rnf_conf_word(type ? type : node);
	return word ? word : rnf_conf_words(node);
}

static const char *number_text(double value)
{
	return isfinite(value) ? rnf_format("%.17g", value) : NULL;
}

/* The run's value of a column, or else of a key of its conf, which is read on demand. */
static const char *value_of(const struct line *l, const char *key, struct rnf_conf **conf)
{
	const struct column *column = find_column(key);
	if (column) return column->number ? number_text(column->number(l)) : column->text(l);
	if (!*conf && rnf_conf_read(rnf_format("%s/conf.cfg", l->run.dir), NULL, conf) < 0)
		return NULL;
	return text_of(rnf_conf_find(*conf, key));
}

static int holds(struct conditions *c, const struct line *l)
{
	struct rnf_conf *conf = NULL;
	int all = 1;
	for (size_t i = 0; i < c->n; i++) {
		const char *value = value_of(l, c->at[i].key, &conf);
		c->met[i] |= value != NULL;
		all &= rnf_where_holds(&c->at[i], value);
	}
	return all;
}

/* A key that no run has is a typing mistake. */
static rnf_status check_met(const struct conditions *c, size_t n_folders)
{
	for (size_t i = 0; i < c->n && n_folders > 0; i++)
		if (!c->met[i])
			return rnf_fail(RNF_EINVAL, "--where: no run has a column or a key \"%s\"",
					c->at[i].key);
	return RNF_OK;
}

/* -- --sort -- */

static const struct column *sorted_by;
static int backwards;

/* Runs without a number come last, in either direction. */
static int by_column(const void *a, const void *b)
{
	const struct line *x = a, *y = b;
	int order;
	if (sorted_by->number) {
		const double p = sorted_by->number(x), q = sorted_by->number(y);
		if (isnan(p) != isnan(q)) return isnan(p) ? 1 : -1;
		order = (p > q) - (p < q);
	} else {
		order = strcmp(sorted_by->text(x), sorted_by->text(y));
	}
	if (order) return backwards ? -order : order;
	return strcmp(x->run.dir, y->run.dir);
}

static rnf_status choose_order(const char *text)
{
	const char *all = "";
	backwards = text[0] == '-';
	sorted_by = find_column(text + backwards);
	if (sorted_by) return RNF_OK;
	for (size_t i = 0; i < N_COLUMNS; i++)
		all = rnf_format("%s%s%s", all, i ? ", " : "", columns[i].name);
	return rnf_fail(RNF_EINVAL, "--sort is \"%s\", must be one of %s; with - in front of it "
			"from the largest", text, all);
}

/* -- all of them -- */

static rnf_status collect(struct lines *lines, const struct rnf_folders *folders,
			  struct conditions *c)
{
	for (size_t i = 0; i < folders->n; i++) {
		struct line line;
		const void *mark = rnf_arena_mark();
		rnf_outcome_read(&line.run, folders->at[i]);
		line.bytes = rnf_folder_bytes(folders->at[i]);
		const int wanted = holds(c, &line);
		rnf_arena_release(mark); /* a conf takes more than all lines */
		if (!wanted) continue;
		*(struct line *)rnf_push((void **)&lines->at, &lines->n, sizeof line) = line;
	}
	return check_met(c, folders->n);
}

static void print_cell(const struct column *c, const char *text)
{
	rnf_text_cell(stdout, c->width, text);
	fputs(c == &columns[N_COLUMNS - 1] ? "\n" : "  ", stdout);
}

static void print_lines(const struct lines *lines)
{
	for (size_t k = 0; k < N_COLUMNS; k++)
		print_cell(&columns[k], columns[k].name);
	for (size_t i = 0; i < lines->n; i++)
		for (size_t k = 0; k < N_COLUMNS; k++)
			print_cell(&columns[k], columns[k].text(&lines->at[i]));
}

static void print_json(const struct lines *lines)
{
	json_t *all = json_array();
	for (size_t i = 0; i < lines->n; i++) {
		const struct rnf_outcome *o = &lines->at[i].run;
		json_array_append_new(all, json_pack(
			"{s:o, s:o, s:s, s:I, s:I, s:I, s:o, s:o, s:I}", "folder",
			rnf_json_word(o->dir), "name", rnf_json_word(o->name), "state",
			rnf_run_states[o->state], "seed", (json_int_t)o->seed, "epoch",
			(json_int_t)o->epoch, "epochs", (json_int_t)o->epochs, "error",
			rnf_json_number(o->error), "started", rnf_json_word(o->started), "bytes",
			(json_int_t)lines->at[i].bytes));
	}
	json_dumpf(all, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
	putchar('\n');
	json_decref(all);
}

rnf_status rnf_verb_runs(const struct rnf_options *o)
{
	struct rnf_folders folders = { 0 };
	struct conditions *conditions = rnf_alloc(sizeof *conditions);
	struct lines lines = { 0 };
	RNF_TRY(read_conditions(conditions, o));
	RNF_TRY(choose_order(o->sort ? o->sort : "folder"));
	RNF_TRY(rnf_folders_find(&folders, o->n_words ? o->words[0] : "runs"));
	RNF_TRY(collect(&lines, &folders, conditions));
	if (lines.n) qsort(lines.at, lines.n, sizeof *lines.at, by_column);
	if (o->json) print_json(&lines);
	else print_lines(&lines);
	return RNF_OK;
}
