/* rnframe inspect [KIND [NAME]]: which plugins there are, and their parameters. */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"
#include "cli/cli.h"
#include "plugin/loader.h"
#include "plugin/param.h"

static void refused(const char *file, const char *reason)
{
	printf("%-14s refused: %s\n", file, reason);
}

static void list(const char *kind)
{
	const struct rnf_feature **features;
	rnf_loader_try(kind, NULL);
	const size_t n = rnf_loader_list(kind, &features, refused);
	for (size_t i = 0; i < n; i++)
		printf("%-12s %-16s %s\n", kind, features[i]->name,
		       features[i]->brief);
}

static rnf_status check_kind(const char *kind, const char **kinds, size_t n)
{
	struct rnf_list all = { 0 };
	for (size_t i = 0; i < n; i++) {
		if (!strcmp(kinds[i], kind)) return RNF_OK;
		rnf_list_add(&all, ", ", kinds[i]);
	}
	const char *near = rnf_nearest(kind, kinds, n);
	return rnf_fail(RNF_ENOENT, "there is no kind \"%s\"%s%s%s; the kinds are %s",
			kind, near ? " (did you mean \"" : "", near ? near : "",
			near ? "\"?)" : "", rnf_list_text(&all, "none"));
}

static rnf_status describe(const char *kind, const char *name)
{
	const struct rnf_feature *feature;
	rnf_loader_try(kind, name);
	RNF_TRY(rnf_loader_find(kind, name, &feature));
	rnf_describe_feature(feature, stdout);
	printf("file %s\n", rnf_loader_file(feature));
	return RNF_OK;
}

rnf_status rnf_verb_inspect(const struct rnf_options *o)
{
	const char **kinds;
	const size_t n = rnf_loader_kinds(&kinds);
	RNF_TRY(rnf_loader_any());
	for (size_t i = 0; o->n_words == 0 && i < n; i++)
		list(kinds[i]);
	if (o->n_words == 0) return RNF_OK;
	/* KIND.NAME is KIND NAME, as messages write it */
	const char *dot = o->n_words == 1 ? strchr(o->words[0], '.') : NULL;
	const char *kind = rnf_strndup(o->words[0], strcspn(o->words[0], dot ? "." : ""));
	RNF_TRY(check_kind(kind, kinds, n));
	if (dot) return describe(kind, dot + 1);
	if (o->n_words == 2) return describe(kind, o->words[1]);
	list(kind);
	return RNF_OK;
}
