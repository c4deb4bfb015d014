/* Puts the defaults of all rows into a filled tree. */
#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "plugin/keys.h"
#include "plugin/loader.h"
#include "plugin/value.h"

static const char origin[] = "default";

static enum rnf_conf_type type_of(const struct rnf_param *row)
{
	switch (row->type) {
	case RNF_TYPE_BOOL: return RNF_CONF_BOOL;
	case RNF_TYPE_INT: return RNF_CONF_INT;
	case RNF_TYPE_FLOAT: return RNF_CONF_FLOAT;
	case RNF_TYPE_STRING: case RNF_TYPE_ENUM: case RNF_TYPE_REF: return RNF_CONF_STRING;
	case RNF_TYPE_GROUP: return RNF_CONF_GROUP;
	default: return RNF_CONF_LIST;
	}
}

/* A default without a value (no text, no plugin, an empty list) is left out. */
static struct rnf_conf *add_default(struct rnf_conf *group, const struct rnf_param *row)
{
	const enum rnf_conf_type type = type_of(row);
	const char *first = row->type == RNF_TYPE_ENUM ? row->choices[0] : NULL;
	const char *text = row->text ? row->text : first;
	if (type == RNF_CONF_LIST || (type == RNF_CONF_STRING && !text)) return NULL;
	struct rnf_conf *node = rnf_conf_add(group, row->key, type, origin, 0);
	node->s = text;
	node->f = row->number;
	node->i = rnf_value_whole(row->number);
	return node;
}

/* "name" becomes { type = "name"; } where that plugin has keys. */
static rnf_status expand_ref(struct rnf_conf *node, const char *kinds)
{
	const struct rnf_params *tables[2];
	RNF_TRY(rnf_keys_tables(kinds, rnf_keys_word(node)->s, tables));
	if (node->type == RNF_CONF_STRING) {
		if (!tables[0] && !tables[1]) return RNF_OK;
		rnf_conf_group(node);
	}
	for (int i = 0; i < 2; i++)
		RNF_TRY(rnf_param_expand(node, tables[i]));
	return RNF_OK;
}

static rnf_status expand_row(struct rnf_conf *node, const struct rnf_param *row)
{
	if (row->type == RNF_TYPE_GROUP) return rnf_param_expand(node, row->group);
	if (row->type == RNF_TYPE_REF) return expand_ref(node, row->kinds);
	if (row->type != RNF_TYPE_REFS) return RNF_OK;
	if (node->type != RNF_CONF_LIST) return expand_ref(node, row->kinds);
	for (size_t i = 0; i < node->n; i++)
		RNF_TRY(expand_ref(node->at[i], row->kinds));
	return RNF_OK;
}

rnf_status rnf_param_expand(struct rnf_conf *group, const struct rnf_params *params)
{
	for (size_t i = 0; params && i < params->n; i++) {
		const struct rnf_param *row = rnf_keys_row(params, i);
		struct rnf_conf *node = rnf_conf_get(group, row->key);
		if (!node) node = add_default(group, row);
		if (node) RNF_TRY(expand_row(node, row));
	}
	return RNF_OK;
}
