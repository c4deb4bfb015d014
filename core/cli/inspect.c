#include <stdio.h>

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
	const size_t n = rnf_loader_list(kind, &features, refused);
	for (size_t i = 0; i < n; i++)
		printf("%-12s %-16s %s\n", kind, features[i]->name,
		       features[i]->brief);
}

rnf_status rnf_verb_inspect(const struct rnf_options *o)
{
	const struct rnf_feature *feature;
	const char **kinds;
	if (o->n_words == 0) {
		const size_t n = rnf_loader_kinds(&kinds);
		for (size_t i = 0; i < n; i++)
			list(kinds[i]);
		return RNF_OK;
	}
	if (o->n_words == 1) {
		list(o->words[0]);
		return RNF_OK;
	}
	RNF_TRY(rnf_loader_find(o->words[0], o->words[1], &feature));
	rnf_describe_feature(feature, stdout);
	printf("file %s\n", rnf_loader_file(feature));
	return RNF_OK;
}
