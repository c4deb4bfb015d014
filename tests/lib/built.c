#include "lib/built.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "plugin/loader.h"

/* The value for a required number: usual groups and ratios divide it. */
enum { USUAL = 32 };

static void split(struct test_built *f, const char *path)
{
	const char *slash = strrchr(path, '/'), *kind = slash;
	while (kind > path && kind[-1] != '/') kind--;
	snprintf(f->file, sizeof f->file, "%s", path);
	snprintf(f->kind, sizeof f->kind, "%.*s", (int)(slash - kind), kind);
	snprintf(f->name, sizeof f->name, "%.*s", (int)(strlen(slash + 1) - 3), slash + 1);
}

void test_each(const char *kind, void (*check)(const struct test_built *))
{
	char pattern[512];
	glob_t files;
	snprintf(pattern, sizeof pattern, "%s/plugins/%s/*.so", test_build(), kind);
	ck_assert_msg(glob(pattern, 0, NULL, &files) == 0, "no %s is built", kind);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		struct test_built f;
		split(&f, files.gl_pathv[i]);
		f.plugin = test_plugin(f.file);
		check(&f);
	}
	globfree(&files);
}

void test_plugins_path(void)
{
	static int ready;
	char path[512];
	if (ready++) return;
	snprintf(path, sizeof path, "%s/plugins", test_build());
	rnf_loader_path(path);
}

/* Any plugin of the first of the kinds. */
static const char *some(const char *kinds, char kind[64])
{
	const struct rnf_feature **list;
	snprintf(kind, 64, "%.*s", (int)strcspn(kinds, "|"), kinds);
	ck_assert_msg(rnf_loader_list(kind, &list, NULL) > 0, "no %s is built", kind);
	return list[0]->name;
}

static double usual(const struct rnf_param *row)
{
	const int ranged = row->min != 0 || row->max != 0; /* as the core reads it */
	if (ranged && row->max < USUAL) return row->max;
	return ranged && row->min > USUAL ? row->min : USUAL;
}

static void require(struct rnf_conf *group, const struct rnf_param *row);

static void fill_group(struct rnf_conf *group, const char *kind, const char *name)
{
	const struct rnf_params *p = test_feature(kind, name)->params;
	rnf_conf_add(group, "type", RNF_CONF_STRING, "least", 1)->s =
		rnf_strndup(name, strlen(name));
	for (size_t i = 0; p && i < p->n; i++)
		if (test_param_row(p, i)->flags & RNF_PARAM_REQUIRED)
			require(group, test_param_row(p, i));
}

/* Why defaults are not enough, and what replaces the user's choice. */
static void require(struct rnf_conf *group, const struct rnf_param *row)
{
	char kind[64];
	const char *name;
	struct rnf_conf *node;
	switch (row->type) {
	case RNF_TYPE_INT: /* a size that only the model's author knows */
		node = rnf_conf_add(group, row->key, RNF_CONF_INT, "least", 1);
		node->i = (int64_t)usual(row);
		return;
	case RNF_TYPE_FLOAT:
		node = rnf_conf_add(group, row->key, RNF_CONF_FLOAT, "least", 1);
		node->f = usual(row);
		return;
	case RNF_TYPE_REF: /* a wrapper of another plugin */
		node = rnf_conf_add(group, row->key, RNF_CONF_GROUP, "least", 1);
		name = some(row->kinds, kind);
		fill_group(node, kind, name);
		return;
	default:
		ck_abort_msg("%s: say here what a required key of type %u may be",
			     row->key, row->type);
	}
}

struct rnf_conf *test_least_conf(const char *kind, const char *name)
{
	struct rnf_conf *group = rnf_conf_add(NULL, NULL, RNF_CONF_GROUP, "least", 1);
	test_plugins_path();
	fill_group(group, kind, name);
	return group;
}

const struct rnf_ref *test_least(const struct test_built *f)
{
	const struct rnf_ref *ref = NULL;
	const rnf_status status =
		rnf_param_ref(test_least_conf(f->kind, f->name), f->kind, &ref);
	ck_assert_msg(status >= 0, "%s.%s: %s", f->kind, f->name, rnf_fail_words());
	return ref;
}
