/* The only file that includes libconfig: one checked text in, one tree out. */
#include "conf/conf.h"

#include <libconfig.h>
#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "conf/source.h"

#define MAX_BASES 16 /* a conf and its chain of bases */

static void convert(const config_setting_t *from, const struct rnf_source *source,
		    struct rnf_conf *to);

static void convert_children(const config_setting_t *from,
			     const struct rnf_source *source, struct rnf_conf *to)
{
	const int n = config_setting_length(from);
	for (int i = 0; i < n; i++) {
		const config_setting_t *child = config_setting_get_elem(from, (unsigned)i);
		const int line = (int)config_setting_source_line(child);
		struct rnf_source_line place = { to->file, to->line };
		if (line > 0) place = rnf_source_place(source, line);
		convert(child, source, rnf_conf_add(to, config_setting_name(child),
						    RNF_CONF_GROUP, place.file,
						    place.line));
	}
}

static void convert(const config_setting_t *from, const struct rnf_source *source,
		    struct rnf_conf *to)
{
	switch (config_setting_type(from)) {
	case CONFIG_TYPE_BOOL:
		to->type = RNF_CONF_BOOL;
		to->i = config_setting_get_bool(from);
		return;
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		to->type = RNF_CONF_INT;
		to->i = config_setting_get_int64(from);
		return;
	case CONFIG_TYPE_FLOAT:
		to->type = RNF_CONF_FLOAT;
		to->f = config_setting_get_float(from);
		return;
	case CONFIG_TYPE_STRING:
		to->type = RNF_CONF_STRING;
		to->s = config_setting_get_string(from);
		to->s = to->s ? rnf_strndup(to->s, strlen(to->s)) : "";
		return;
	case CONFIG_TYPE_GROUP:
		to->type = RNF_CONF_GROUP;
		break;
	default:
		to->type = RNF_CONF_LIST;
		break;
	}
	convert_children(from, source, to);
}

static rnf_status parse(const char *name, struct rnf_source *source, struct rnf_conf **root)
{
	config_t config;
	rnf_status status = RNF_OK;
	RNF_TRY(rnf_source_check(source));
	config_init(&config);
	if (config_read_string(&config, source->text) == CONFIG_TRUE) {
		*root = rnf_conf_add(NULL, NULL, RNF_CONF_GROUP, name, 0);
		convert(config_root_setting(&config), source, *root);
	} else {
		const int line = config_error_line(&config);
		const struct rnf_source_line at = rnf_source_place(source, line);
		/* the scanner has refused all other types */
		status = rnf_fail(RNF_EINVAL, "%s:%d: syntax error: \"%.60s\"; settings are "
				  "key = value; and strings are in quotes", at.file, at.line,
				  rnf_source_words(source, line));
	}
	config_destroy(&config);
	return status;
}

/* One file with its includes, before base and set. */
static rnf_status parse_file(const char *path, const char *conf_dir,
			     struct rnf_conf **root)
{
	struct rnf_source source;
	RNF_TRY(rnf_source_read(path, conf_dir, &source));
	return parse(path, &source, root);
}

static int is_plain(const struct rnf_conf *node)
{
	return node->type != RNF_CONF_GROUP && node->type != RNF_CONF_LIST;
}

static rnf_status check_base(const struct rnf_conf *base, const struct rnf_conf *set)
{
	if (base->type != RNF_CONF_STRING)
		return rnf_conf_fail(base, "must be the name of a conf, in quotes");
	if (set && set->type != RNF_CONF_LIST)
		return rnf_conf_fail(set, "must be a list of strings, "
				     "( \"key.path=value\", ... )");
	return RNF_OK;
}

/* A conf with a base states differences only: scalars here, all else by `set`. Anything
 * else is reported and left out. */
static void check_composed(const struct rnf_conf *root, const struct rnf_conf *set)
{
	for (size_t i = 0; set && i < set->n; i++)
		if (set->at[i]->type != RNF_CONF_STRING)
			rnf_fail_aside(rnf_conf_fail(set->at[i], "must be a string, "
						     "\"key.path=value\""));
	for (size_t i = 0; i < root->n; i++) {
		const struct rnf_conf *node = root->at[i];
		if (node != set && !is_plain(node))
			rnf_fail_aside(rnf_conf_fail(node, "beside `base` stand only plain "
						     "values; change parts of the base by "
						     "set = ( \"%s.key=value\" )", node->key));
	}
}

static void replace(struct rnf_conf *root, struct rnf_conf *node)
{
	struct rnf_conf **place = NULL;
	for (size_t i = 0; i < root->n; i++)
		if (!strcmp(root->at[i]->key, node->key)) place = &root->at[i];
	if (!place) place = rnf_push((void **)&root->at, &root->n, sizeof *place);
	*place = node;
	node->parent = root;
}

static rnf_status read_composed(const char *path, const char *conf_dir, int depth,
				struct rnf_conf **root);

static rnf_status read_base(const struct rnf_conf *own, const struct rnf_conf *base,
			    const char *path, const char *conf_dir, int depth,
			    struct rnf_conf **root)
{
	const struct rnf_conf *set = rnf_conf_get(own, "set");
	const char *file = NULL;
	rnf_status status;
	RNF_TRY(check_base(base, set));
	if (depth == MAX_BASES)
		return rnf_conf_fail(base, "bases are more than %d deep: a conf that "
				     "is its own base?", MAX_BASES);
	status = rnf_source_find(base->s, path, conf_dir, &file);
	if (status < 0) return rnf_fail_in(status, "%sbase: ", rnf_conf_place(base));
	RNF_TRY(read_composed(file, conf_dir, depth + 1, root));
	check_composed(own, set);
	for (size_t i = 0; set && i < set->n; i++)
		if (set->at[i]->type == RNF_CONF_STRING)
			rnf_fail_aside(rnf_conf_override(*root, set->at[i]->s,
							 set->at[i]->file, set->at[i]->line));
	for (size_t i = 0; i < own->n; i++)
		if (own->at[i] != base && is_plain(own->at[i]))
			replace(*root, own->at[i]);
	(*root)->file = own->file;
	return RNF_OK;
}

static rnf_status read_composed(const char *path, const char *conf_dir, int depth,
				struct rnf_conf **root)
{
	struct rnf_conf *own = NULL;
	RNF_TRY(parse_file(path, conf_dir, &own));
	const struct rnf_conf *base = rnf_conf_get(own, "base");
	const struct rnf_conf *set = rnf_conf_get(own, "set");
	if (base) return read_base(own, base, path, conf_dir, depth, root);
	if (set) return rnf_conf_fail(set, "changes a `base`, and there is none");
	*root = own;
	return RNF_OK;
}

rnf_status rnf_conf_gather(const char *path, const char *conf_dir,
			   struct rnf_conf **root)
{
	const char *file = NULL;
	RNF_TRY(rnf_source_find(path, NULL, conf_dir, &file));
	return read_composed(file, conf_dir, 0, root);
}

rnf_status rnf_conf_read(const char *path, const char *conf_dir,
			 struct rnf_conf **root)
{
	rnf_fail_aside(rnf_conf_gather(path, conf_dir, root));
	return rnf_fail_all();
}

rnf_status rnf_conf_parse(const char *name, const char *text, struct rnf_conf **root)
{
	static const char *const composed[] = { "base", "set" };
	struct rnf_source source;
	RNF_TRY(rnf_source_text(name, text, &source));
	RNF_TRY(parse(name, &source, root));
	for (size_t i = 0; i < sizeof composed / sizeof *composed; i++) {
		const struct rnf_conf *node = rnf_conf_get(*root, composed[i]);
		if (node)
			return rnf_conf_fail(node, "this conf is part of another file and "
					     "stands alone: it may have no `%s`", composed[i]);
	}
	return RNF_OK;
}
