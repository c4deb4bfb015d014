#include "plugin/keys.h"

#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"

const struct rnf_param *rnf_keys_row(const struct rnf_params *params, size_t i)
{
	return (const struct rnf_param *)((const char *)params->rows + i * params->stride);
}

const struct rnf_param *rnf_param_row(const struct rnf_params *params, const char *key)
{
	for (size_t i = 0; params && i < params->n; i++)
		if (!strcmp(rnf_keys_row(params, i)->key, key)) return rnf_keys_row(params, i);
	return NULL;
}

const char *rnf_keys_words(const struct rnf_table *tables, size_t n_tables)
{
	struct rnf_list all = { 0 };
	for (size_t t = 0; t < n_tables; t++)
		for (size_t i = 0; tables[t].params && i < tables[t].params->n; i++)
			rnf_list_add(&all, ", ", rnf_keys_row(tables[t].params, i)->key);
	return rnf_list_text(&all, "none");
}

const char *rnf_keys_owner(const struct rnf_conf *group, const struct rnf_feature *f)
{
	if (f) return rnf_format("%s.%s", f->kind, f->name);
	const char *path = rnf_conf_path(group);
	return path[0] ? path : "a conf";
}

rnf_status rnf_keys_unknown(const char *owner, const char *key,
			    const struct rnf_table *tables, size_t n_tables)
{
	const char *words[256] = { NULL };
	size_t n = 0;
	for (size_t t = 0; t < n_tables; t++)
		for (size_t i = 0; tables[t].params && i < tables[t].params->n; i++)
			if (n < 256) words[n++] = rnf_keys_row(tables[t].params, i)->key;
	const char *near = rnf_nearest(key, words, n);
	if (near)
		return rnf_fail(RNF_EINVAL, "%s has no key %s (did you mean \"%s\"?)",
				owner, rnf_text_quoted(key), near);
	return rnf_fail(RNF_EINVAL, "%s has no key %s; its keys are: %s", owner,
			rnf_text_quoted(key), rnf_keys_words(tables, n_tables));
}

const struct rnf_conf *rnf_keys_word(const struct rnf_conf *node)
{
	const struct rnf_conf *word = rnf_conf_get(node, "type");
	return word ? word : node;
}

rnf_status rnf_keys_missing(const struct rnf_conf *group, const char *owner,
			    const struct rnf_param *row)
{
	const char *path = group ? rnf_conf_path(group) : "";
	return rnf_fail(RNF_EINVAL, "%s%s%s%s needs \"%s\" (%s)",
			group ? rnf_conf_place(rnf_keys_word(group)) : "", path,
			path[0] ? ": " : "", owner, row->key, row->brief);
}

int rnf_keys_has(const char *key, const struct rnf_table *tables, size_t n)
{
	for (size_t t = 0; t < n; t++)
		if (rnf_param_row(tables[t].params, key)) return 1;
	return 0;
}

/* "model=1" sets `type` below the group, as for a plugin. */
rnf_status rnf_keys_refuse(const struct rnf_conf *child, const char *owner, int has_type,
			   const struct rnf_table *tables, size_t n_tables)
{
	if (!has_type && !strcmp(child->key, "type"))
		return rnf_fail(RNF_EINVAL, "%s%s is a group and takes no value or type; "
				"its keys are: %s", rnf_conf_place(child), owner,
				rnf_keys_words(tables, n_tables));
	return rnf_fail_in(rnf_keys_unknown(owner, child->key, tables, n_tables), "%s%s: ",
			   rnf_conf_place(child), rnf_conf_path(child));
}
