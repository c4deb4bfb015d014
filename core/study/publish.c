#include "study/publish.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/draw.h"
#include "base/file.h"
#include "base/json.h"
#include "base/status.h"
#include "study/table.h"

void rnf_study_table(const struct rnf_study_runs *runs, struct rnf_table *table)
{
	const struct rnf_study *study = runs->study;
	*table = (struct rnf_table){ .title = study->name, .dir = runs->dir,
				     .n = study->n_arms };
	table->rows = rnf_alloc(study->n_arms * sizeof *table->rows);
	for (size_t i = 0; i < study->n_arms; i++) {
		struct rnf_row *row = &table->rows[i];
		*row = (struct rnf_row){ .name = study->arms[i].name,
					 .published = study->arms[i].published,
					 .parameters = runs->looks[i].parameters,
					 .macs = runs->looks[i].macs };
		row->runs = rnf_alloc(study->n_seeds * sizeof *row->runs);
	}
	for (size_t i = 0; i < runs->n; i++) {
		struct rnf_row *row = &table->rows[runs->at[i].arm];
		struct rnf_outcome *outcome = &row->runs[row->n_runs++];
		rnf_outcome_read(outcome, runs->at[i].dir);
		outcome->seed = runs->at[i].seed;
	}
	rnf_table_fill(table, study->baseline);
}

static void write_script(const struct rnf_table *table, FILE *out)
{
	rnf_table_script(table, "study", out);
}

static const struct {
	const char *name;
	void (*write)(const struct rnf_table *, FILE *);
} files[] = {
	{ "study.json", rnf_table_json }, /* by which a folder is known as that of a study */
	{ "table.md", rnf_table_markdown },
	{ "table.csv", rnf_table_csv },
	{ "study.gp", write_script },
};
static const char *const pictures[] = { "study.png", "study.svg", NULL };

/* -- whose folder it is -- */

/* NAME or its draft, NAME.tmp */
static int is_called(const char *file, const char *name)
{
	const size_t n = strlen(name);
	return !strncmp(file, name, n) && (!file[n] || !strcmp(file + n, ".tmp"));
}

int rnf_study_writes(const char *file)
{
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		if (is_called(file, files[i].name)) return 1;
	for (size_t i = 0; pictures[i]; i++)
		if (is_called(file, pictures[i])) return 1;
	return 0;
}

static int is_taken(const char *dir, const char *name)
{
	struct stat st;
	return lstat(rnf_format("%s/%s", dir, name), &st) == 0;
}

static const char *taken_name(const char *dir)
{
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		if (is_taken(dir, files[i].name)) return files[i].name;
	for (size_t i = 0; pictures[i]; i++)
		if (is_taken(dir, pictures[i])) return pictures[i];
	return NULL;
}

static int is_of_a_study(const char *dir)
{
	json_t *json = is_taken(dir, files[0].name)
		? rnf_json_read(rnf_format("%s/%s", dir, files[0].name)) : NULL;
	const int is = json_is_array(json_object_get(json, "arms"));
	json_decref(json);
	return is;
}

rnf_status rnf_study_folder_check(const char *dir)
{
	const char *name = taken_name(dir);
	if (!name || is_of_a_study(dir)) return rnf_fail_out(rnf_folder_writable(dir), "the study");
	return rnf_fail(RNF_EINVAL, "%s/%s is not a file of a study: choose another --out", dir, name);
}

/* -- files -- */

static rnf_status put(const struct rnf_table *table, size_t i, const char *dir)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);
	if (!out) rnf_no_memory(0);
	files[i].write(table, out);
	if (fclose(out) != 0) rnf_no_memory(n);
	const rnf_status status = rnf_file_put(rnf_format("%s/%s", dir, files[i].name), text, n);
	free(text);
	return status;
}

/* gnuplot may be missing: warn once. */
static void draw(const char *dir)
{
	static int told;
	const char *wrong = rnf_draw(dir, "study.gp", pictures);
	if (wrong && !told++)
		rnf_log(RNF_LOG_WARNING, "%s has no picture of the study: gnuplot: %s", dir, wrong);
}

static rnf_status write_all(const struct rnf_study_runs *runs)
{
	struct rnf_table table;
	rnf_study_table(runs, &table);
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		RNF_TRY(put(&table, i, runs->dir));
	draw(runs->dir);
	return RNF_OK;
}

/* The lock is on the folder itself and leaves no file. Folders are read under it, so that
 * nobody overwrites a newer table with an older one. */
rnf_status rnf_study_publish(const struct rnf_study_runs *runs)
{
	const int fd = open(runs->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) return rnf_fail_errno(runs->dir);
	flock(fd, LOCK_EX);
	const void *mark = rnf_arena_mark();
	const rnf_status status = write_all(runs);
	rnf_arena_release(mark);
	close(fd);
	return status;
}
