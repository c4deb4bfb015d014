/* Fills structs from a conf tree by tables of parameters. */
#ifndef RNF_PLUGIN_PARAM_H
#define RNF_PLUGIN_PARAM_H

#include <rnframe/graph.h>
#include <rnframe/plugin.h>
#include "conf/conf.h"

/* A feature with its configuration: what rnf_ref is to the core. */
struct rnf_ref {
	const struct rnf_feature *feature;
	const void *conf;    /* the plugin's struct, or an empty block */
	const void *common;  /* the struct of its kind's common keys, or NULL */
	struct rnf_conf *node; /* its place, or NULL for a default */
	const char *role;    /* "norm", "act": resolved by the graph; else NULL */
};

/* A flag of a GROUP beside those of param.h: a conf without it does not get an empty one. */
enum { RNF_PARAM_OPTIONAL = 1 << 16 };

/* Keys that every feature of a kind takes besides its own (layer: name, inputs; dataset:
 * path, validation...). Registered once, before filling. */
void rnf_param_common(const char *kind, const struct rnf_params *params);
/* Role words ("norm", "act") that are accepted as `type` where the kind allows. */
void rnf_param_roles(const char *const *words);

static inline const struct rnf_param *rnf_param_at(const struct rnf_params *params, size_t i)
{
	return (const struct rnf_param *)((const char *)params->rows + i * params->stride);
}
/* The row of a key, or NULL; `params` may be NULL. */
const struct rnf_param *rnf_param_row(const struct rnf_params *params,
				      const char *key);

/* Log, once, what filling ignored. Called when the conf is accepted, so that a refused
 * conf gets no warnings. */
void rnf_param_notices(void);
/* Drop what a filling left that did not come to its end. */
void rnf_param_forget(void);

/* Fill `out` from a group by one table. Unknown keys, wrong types and values out of range
 * fail with file:line, path, what is allowed and the nearest name: all of them together,
 * with those put aside before (rnf_fail_all). RAW values are typed by their row and
 * replaced in the tree. A NULL group gives the defaults. */
rnf_status rnf_param_fill(struct rnf_conf *group,
			  const struct rnf_params *params, void *out);

/* The same for a feature chosen by a string or a group with `type`. */
rnf_status rnf_param_ref(struct rnf_conf *node, const char *kinds,
			 const struct rnf_ref **ref);

/* Add to a group that was filled by `params` the keys that nobody set, at their defaults,
 * with "default" for their file. (expand.c) */
rnf_status rnf_param_expand(struct rnf_conf *group, const struct rnf_params *params);

/* Make a ref by name with settings from C; `over` take precedence over those of ref (may
 * be NULL). The graph builder uses it for node() and use(). */
rnf_status rnf_param_settings(const char *kinds, const char *type,
			      const struct rnf_ref *from,
			      const struct rnf_setting *settings, size_t n,
			      const struct rnf_ref **ref);

/* The table that rnf_param_common() was told for a kind, or NULL. */
const struct rnf_params *rnf_param_common_of(const char *kind);

/* A row in words (describe.c); "" for what it does not have. */
struct rnf_param_words {
	const char *type, *range, *usual; /* usual: the default, "required" or "none" */
};
struct rnf_param_words rnf_describe_param(const struct rnf_param *row);
/* Print rows as `inspect` shows them (describe.c). */
void rnf_describe_feature(const struct rnf_feature *feature, FILE *out);

#endif
