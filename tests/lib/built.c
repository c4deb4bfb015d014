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

static void add_inputs(struct rnf_conf *layer, int32_t n)
{
	struct rnf_conf *list = rnf_conf_add(layer, "inputs", RNF_CONF_LIST, "least", 1);
	for (int32_t i = 0; i < (n < 0 ? 2 : n); i++)
		rnf_conf_add(list, NULL, RNF_CONF_STRING, "least", 1)->s = i % 2 ? "b" : "a";
}

struct rnf_conf *test_built_layer(const struct test_built *f)
{
	const struct rnf_layer_impl *impl = f->plugin->features[0].impl;
	struct rnf_conf *layer = test_least_conf(f->kind, f->name);
	if (!strcmp(f->kind, "layer") && impl->inputs != 1) add_inputs(layer, impl->inputs);
	return layer;
}

const char test_built_head[] =
	"name = \"contract\"; seed = 7; threads = 1;\n"
	"model = { norm = \"batchnorm\"; act = \"mish\"; initializer = \"he_normal\";\n"
	"layers = (\n"
	"{ type = \"conv2d\"; name = \"a\"; filters = 32; }, { type = \"act\"; name = \"b\"; },\n";
const char test_built_tail[] =
	",\n{ type = \"global_avgpool\"; }, { type = \"dense\"; } ); };\n"
	"data = { type = \"synthetic\"; images = 12; test_images = 7; classes = 3;\n"
	"height = 9; width = 7; channels = 3; validation = 0.0;\n"
	"augment = ( \"normalize\" ); };\n"
	"train = { batch_size = 5; epochs = 1; max_steps = 2; metrics = ( \"accuracy\" );\n"
	"loss = \"crossentropy\"; optimizer = { type = \"sgd\"; lr = 0.1; };\n"
	"scheduler = \"constant\"; };\n";
