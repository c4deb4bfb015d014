/* The keys of a group: the rows of the tables that allow them, and the messages about
 * unknown and missing keys. Private to this folder. */
#ifndef RNF_PLUGIN_KEYS_H
#define RNF_PLUGIN_KEYS_H

#include "plugin/param.h"

/* A struct that is being filled, and the rows for it (NULL: none). */
struct rnf_table {
	const struct rnf_params *params;
	char *out;
};

const struct rnf_param *rnf_keys_row(const struct rnf_params *params, size_t i);
int rnf_keys_has(const char *key, const struct rnf_table *tables, size_t n);
/* The tables of a plugin or role: its own keys, and those of its kind; or NULL. (param.c) */
rnf_status rnf_keys_tables(const char *kinds, const char *type,
			   const struct rnf_params *tables[2]);
/* "lr, momentum, ..." */
const char *rnf_keys_words(const struct rnf_table *tables, size_t n);
/* What messages call the owner of the keys: "layer.conv2d", "train". */
const char *rnf_keys_owner(const struct rnf_conf *group, const struct rnf_feature *f);
/* The node whose value chose the feature: an override may have set it alone. */
const struct rnf_conf *rnf_keys_word(const struct rnf_conf *node);

/* Fail: OWNER has no key "KEY", with the nearest key or all keys. */
rnf_status rnf_keys_unknown(const char *owner, const char *key,
			    const struct rnf_table *tables, size_t n);
/* The same for a child that no table has, with its place. has_type: the group stands for
 * a plugin. */
rnf_status rnf_keys_refuse(const struct rnf_conf *child, const char *owner, int has_type,
			   const struct rnf_table *tables, size_t n);
/* Fail: OWNER needs "KEY". */
rnf_status rnf_keys_missing(const struct rnf_conf *group, const char *owner,
			    const struct rnf_param *row);

#endif
