#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "cli/cli.h"
#include "train/setup.h"

static int is_conf(const struct dirent *d)
{
	const size_t n = strlen(d->d_name);
	return n > 4 && !strcmp(d->d_name + n - 4, ".cfg");
}

/* The first comment of a conf says what it is. */
static void print_conf(const char *name)
{
	char line[256] = "";
	FILE *f = fopen(rnf_format("%s/%s", rnf_conf_dir, name), "r");
	if (f && fgets(line, sizeof line, f)) line[strcspn(line, "\n")] = 0;
	if (f) fclose(f);
	printf("%-30s %s\n", name, line[0] == '#' ? line + 1 + (line[1] == ' ') : "");
}

rnf_status rnf_verb_confs(const struct rnf_options *o)
{
	struct dirent **list;
	(void)o;
	const int n = scandir(rnf_conf_dir, &list, is_conf, alphasort);
	if (n < 0) return rnf_fail(RNF_ENOENT, "%s: no confs there", rnf_conf_dir);
	for (int i = 0; i < n; i++) {
		print_conf(list[i]->d_name);
		free(list[i]);
	}
	free(list);
	return RNF_OK;
}
