/* rnframe diff: keys that differ between two confs or runs, and where each was set. */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/status.h"
#include "base/text.h"
#include "cli/cli.h"
#include "train/setup.h"

/* A run's conf is complete; any other gets its defaults filled in. */
static rnf_status read_side(const char *path, struct rnf_conf **tree)
{
	if (rnf_is_folder(path)) path = rnf_format("%s/conf.cfg", path);
	RNF_TRY(rnf_conf_read(path, rnf_conf_dir, tree));
	return rnf_config_expand(*tree);
}

/* "0.1 (conf/a.cfg:3)" */
static const char *words(const struct rnf_conf *node)
{
	const char *place = node ? rnf_conf_place(node) : "";
	const size_t n = strlen(place);
	if (!node) return "not set";
	return n > 2 ? rnf_format("%s (%.*s)", rnf_conf_words(node), (int)n - 2, place)
		     : rnf_format("%s (default)", rnf_conf_words(node));
}

static void tell(void *context, const char *path, const struct rnf_conf *a,
		 const struct rnf_conf *b)
{
	rnf_text_cell(stdout, -36, path);
	printf(" %s\n%-36s %s\n", words(a), "", words(b));
	++*(size_t *)context;
}

rnf_status rnf_verb_diff(const struct rnf_options *o)
{
	struct rnf_conf *a = NULL, *b = NULL;
	size_t n = 0;
	if (o->n_words < 2) return rnf_fail(RNF_EINVAL, "diff needs two confs or run folders");
	RNF_TRY(read_side(o->words[0], &a));
	RNF_TRY(read_side(o->words[1], &b));
	rnf_conf_compare(a, b, tell, &n);
	printf(n == 1 ? "1 key differs\n" : n ? "%zu keys differ\n" : "no key differs\n", n);
	return RNF_OK;
}
