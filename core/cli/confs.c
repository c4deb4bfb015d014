#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/status.h"
#include "base/text.h"
#include "cli/cli.h"
#include "train/setup.h"

static int is_conf(const struct dirent *d)
{
	return rnf_file_ends(d->d_name, ".cfg");
}

static int is_folder(const struct dirent *d)
{
	return !strchr(d->d_name, '.');
}

/* An experiment, not a part of one: it sets `name`. */
static int has_name(const char *path)
{
	char line[256];
	int found = 0;
	FILE *f;
	rnf_file_read(path, 0, &f); /* not every file here is a conf */
	while (f && !found && fgets(line, sizeof line, f))
		found = !strncmp(line, "name", 4);
	if (f) fclose(f);
	return found;
}

/* Trained parameters of a conf's model. Data are opened only when the data set cannot
 * tell its sizes otherwise. */
static rnf_status count_parameters(const char *path, int64_t *n)
{
	struct rnf_experiment *e = rnf_alloc(sizeof *e);
	RNF_TRY(rnf_config_read(&e->conf, path, NULL, 0));
	RNF_TRY(rnf_experiment_shapes(e));
	RNF_TRY(rnf_model_graph(&e->model, &e->conf, 0));
	*n = rnf_program_parameters(e->model.programs[0]);
	return RNF_OK;
}

/* The description is the conf's first comment; a conf that cannot be built here (a plugin
 * is missing) shows why instead. */
static void print_conf(const char *name, FILE *out)
{
	const char *path = rnf_format("%s/%s", rnf_conf_dir, name);
	char line[256] = "";
	int64_t parameters = 0;
	FILE *f;
	rnf_file_read(path, 0, &f);
	if (f && fgets(line, sizeof line, f)) line[strcspn(line, "\n")] = 0;
	if (f) fclose(f);
	rnf_text_cell(out, -30, name);
	if (count_parameters(path, &parameters) < 0) {
		fprintf(out, " %10s  %s\n", "-", rnf_fail_line());
		return;
	}
	fprintf(out, " %10lld  %s\n", (long long)parameters,
		line[0] == '#' ? line + 1 + (line[1] == ' ') : "");
}

/* Each conf in a folder of the confs ("": the top one), by name. */
static rnf_status visit_folder(const char *folder, void (*visit)(const char *, FILE *), FILE *out)
{
	const char *path = rnf_format("%s/%s", rnf_conf_dir, folder);
	struct dirent **list;
	const int n = scandir(path, &list, is_conf, alphasort);
	if (n < 0)
		return rnf_fail(RNF_ENOENT, "%s: no confs there: is this program a copy?", path);
	for (int i = 0; i < n; i++) {
		const char *name = rnf_format("%s%s", folder, list[i]->d_name);
		if (has_name(rnf_format("%s/%s", rnf_conf_dir, name))) visit(name, out);
		free(list[i]);
	}
	free(list);
	return RNF_OK;
}

rnf_status rnf_confs_each(void (*visit)(const char *name, FILE *out), FILE *out)
{
	struct dirent **list;
	RNF_TRY(visit_folder("", visit, out));
	const int n = scandir(rnf_conf_dir, &list, is_folder, alphasort);
	for (int i = 0; i < n; i++) {
		visit_folder(rnf_format("%s/", list[i]->d_name), visit, out); /* unreadable: none */
		free(list[i]);
	}
	if (n >= 0) free(list);
	return RNF_OK;
}

rnf_status rnf_verb_confs(const struct rnf_options *o)
{
	(void)o;
	printf("%-30s %10s\n", "conf", "parameters");
	return rnf_confs_each(print_conf, stdout);
}
