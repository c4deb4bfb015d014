/* rnframe compare: the table of a study over any runs, and the keys that differ. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "cli/cli.h"
#include "study/folders.h"
#include "study/look.h"
#include "study/table.h"
#include "train/setup.h"

struct side { /* a row: runs whose confs differ in the seed only */
	struct rnf_look look;
	const char *conf;
};

/* -- rows -- */

static rnf_status find_runs(struct rnf_folders *folders, const struct rnf_options *o)
{
	for (size_t i = 0; i < o->n_words; i++) {
		const size_t before = folders->n;
		RNF_TRY(rnf_folders_find(folders, o->words[i]));
		if (folders->n == before)
			return rnf_fail(RNF_EINVAL, "%s holds no run: there is no run.json",
					o->words[i]);
	}
	return RNF_OK;
}

/* A conf that cannot be used here (digest 0) equals no other. */
static size_t row_of(struct rnf_table *t, struct side *sides, const struct rnf_look *look,
		     const char *conf)
{
	size_t i = 0;
	while (i < t->n && (!look->digest || sides[i].look.digest != look->digest)) i++;
	if (i == t->n) {
		sides[i] = (struct side){ *look, conf };
		t->rows[i] = (struct rnf_row){ .published = NAN, .macs = look->macs,
					       .parameters = look->parameters };
		t->n++;
	}
	return i;
}

static struct rnf_outcome *find_twin(const struct rnf_row *row, int64_t seed)
{
	for (size_t i = 0; i < row->n_runs; i++)
		if (row->runs[i].seed == seed) return &row->runs[i];
	return NULL;
}

/* A repeated run of the same conf and seed adds nothing: count one of them. */
static void add_run(struct rnf_row *row, const char *dir)
{
	struct rnf_outcome o;
	rnf_outcome_read(&o, dir);
	struct rnf_outcome *twin = find_twin(row, o.seed);
	if (!twin) twin = rnf_push((void **)&row->runs, &row->n_runs, sizeof *twin);
	else if (!strcmp(twin->dir, dir)) return;
	else rnf_log(RNF_LOG_WARNING, "%s and %s have the same conf and seed: one of them counts",
		     twin->dir, dir);
	if (twin->state == RNF_RUN_NONE || !rnf_outcome_counts(twin)) *twin = o;
}

/* Named by its conf; if several have that name, by its first folder too. */
static void name_rows(struct rnf_table *t)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct rnf_outcome *own = t->rows[i].runs;
		int alone = own->name[0] != 0;
		for (size_t k = 0; k < t->n; k++)
			if (k != i && !strcmp(own->name, t->rows[k].runs->name)) alone = 0;
		t->rows[i].name = alone ? own->name : !own->name[0] ? own->dir
				  : rnf_format("%s (%s)", own->name, own->dir);
	}
}

static rnf_status make_rows(struct rnf_table *t, struct side **sides,
			    const struct rnf_folders *folders)
{
	const char **confs = rnf_alloc(folders->n * sizeof *confs);
	struct rnf_look *looks = rnf_alloc(folders->n * sizeof *looks);
	*t = (struct rnf_table){ .title = "compare", .of_runs = 1 };
	t->rows = rnf_alloc(folders->n * sizeof *t->rows);
	*sides = rnf_alloc(folders->n * sizeof **sides);
	for (size_t i = 0; i < folders->n; i++)
		confs[i] = rnf_format("%s/conf.cfg", folders->at[i]);
	RNF_TRY(rnf_look_at_confs(confs, folders->n, RNF_LOOK_MODEL, looks));
	for (size_t i = 0; i < folders->n; i++)
		add_run(&t->rows[row_of(t, *sides, &looks[i], confs[i])], folders->at[i]);
	name_rows(t);
	rnf_table_fill(t, 0);
	return RNF_OK;
}

/* -- keys -- */

struct keys {
	const char **paths, **values; /* of key i in row r: values[i * n_rows + r] */
	size_t n, n_rows, row;
};

static size_t find_key(struct keys *keys, const char *path, const struct rnf_conf *first)
{
	size_t i = 0;
	while (i < keys->n && strcmp(keys->paths[i], path) != 0) i++;
	if (i < keys->n) return i;
	*(const char **)rnf_push((void **)&keys->paths, &keys->n, sizeof path) = path;
	for (size_t r = 0, at = i * keys->n_rows; r < keys->n_rows; r++)
		*(const char **)rnf_push((void **)&keys->values, &at, sizeof path) =
			rnf_conf_words(first);
	return i;
}

static void note(void *context, const char *path, const struct rnf_conf *a,
		 const struct rnf_conf *b)
{
	struct keys *keys = context;
	if (rnf_look_decides_nothing(path)) return;
	const size_t i = find_key(keys, path, a); /* rnf_push may move the values */
	keys->values[i * keys->n_rows + keys->row] = rnf_conf_words(b);
}

/* A run whose plugins are missing here is compared as its conf was written. */
static struct rnf_conf *read_conf(const char *path)
{
	struct rnf_conf *tree = NULL;
	if (rnf_conf_read(path, NULL, &tree) < 0) {
		rnf_log(RNF_LOG_WARNING, "%s", rnf_fail_words());
		return rnf_conf_add(NULL, NULL, RNF_CONF_GROUP, path, 0);
	}
	struct rnf_conf *whole = rnf_conf_copy(tree, NULL);
	return rnf_config_expand(whole) < 0 ? tree : whole;
}

static void print_keys(const struct keys *keys, const struct rnf_table *t)
{
	printf("\n| key |");
	for (size_t r = 0; r < t->n; r++)
		printf(" %s |", rnf_table_cell(t->rows[r].name));
	printf("\n|---|");
	for (size_t r = 0; r < t->n; r++)
		printf("---|");
	for (size_t i = 0; i < keys->n; i++) {
		printf("\n| %s |", rnf_table_cell(keys->paths[i]));
		for (size_t r = 0; r < t->n; r++)
			printf(" %s |", rnf_table_cell(keys->values[i * t->n + r]));
	}
	putchar('\n');
}

static void compare_confs(const struct rnf_table *t, const struct side *sides)
{
	struct keys keys = { .n_rows = t->n };
	const struct rnf_conf *first = read_conf(sides[0].conf);
	for (keys.row = 1; keys.row < t->n; keys.row++)
		rnf_conf_compare(first, read_conf(sides[keys.row].conf), note, &keys);
	if (keys.n) print_keys(&keys, t);
	else printf("\nNo key differs.\n");
}

rnf_status rnf_verb_compare(const struct rnf_options *o)
{
	struct rnf_folders folders = { 0 };
	struct rnf_table table;
	struct side *sides;
	if (o->n_words == 0) return rnf_fail(RNF_EINVAL, "compare needs run folders");
	RNF_TRY(find_runs(&folders, o));
	RNF_TRY(make_rows(&table, &sides, &folders));
	rnf_table_markdown(&table, stdout);
	compare_confs(&table, sides);
	return RNF_OK;
}
