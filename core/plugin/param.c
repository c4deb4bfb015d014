#include "plugin/param.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"
#include "plugin/keys.h"
#include "plugin/loader.h"
#include "plugin/value.h"

#define MAX_DEPTH 16 /* of defaults inside defaults: deeper is a cycle */

static struct { const char *kind; const struct rnf_params *params; } commons[16];
static size_t n_commons;
static const char *const *role_words;
static const char **notices; /* kept until the conf is accepted */
static size_t n_notices;
static int depth; /* of defaults inside defaults */

static void *array(size_t n, size_t size) { return rnf_alloc((n ? n : 1) * size); }

void rnf_param_common(const char *kind, const struct rnf_params *params)
{
	size_t i = 0;
	while (i < n_commons && strcmp(commons[i].kind, kind)) i++;
	if (i == sizeof commons / sizeof *commons) return;
	commons[i].kind = kind;
	commons[i].params = params;
	if (i == n_commons) n_commons++;
}

void rnf_param_roles(const char *const *words) { role_words = words; }

const struct rnf_params *rnf_param_common_of(const char *kind)
{
	for (size_t i = 0; i < n_commons; i++)
		if (!strcmp(commons[i].kind, kind)) return commons[i].params;
	return NULL;
}

static int has_kind(const char *kinds, const char *kind)
{
	const size_t length = strlen(kind);
	for (const char *p = kinds; p && *p; ) {
		const size_t n = strcspn(p, "|");
		if (n == length && !strncmp(p, kind, n)) return 1;
		p += n + (p[n] == '|');
	}
	return 0;
}

static const char *role_of(const char *kinds, const char *word)
{
	for (size_t i = 0; role_words && role_words[i]; i++)
		if (!strcmp(role_words[i], word) && has_kind(kinds, "layer"))
			return role_words[i];
	return NULL;
}

/* ---- one value ---- */

static rnf_status in_range(const struct rnf_conf *node, const struct rnf_param *row,
			   double value)
{
	if (isnan(value)) return rnf_value_refuse(node, rnf_value_wanted(row));
	if (!rnf_value_has_range(row) || (value >= row->min && value <= row->max)) return RNF_OK;
	return rnf_value_refuse(node, rnf_value_range(row));
}

static rnf_status get_int(struct rnf_conf *node, const struct rnf_param *row,
			  int64_t *value)
{
	rnf_value_type(node, RNF_TYPE_INT);
	if (node->type != RNF_CONF_INT)
		return rnf_value_refuse(node, rnf_value_whole_numbers(row, node));
	*value = node->i;
	if (rnf_value_fits(row, node->i)) return RNF_OK;
	return rnf_value_refuse(node, rnf_value_range(row));
}

static rnf_status get_float(struct rnf_conf *node, const struct rnf_param *row,
			    double *value)
{
	rnf_value_type(node, RNF_TYPE_FLOAT);
	if (node->type != RNF_CONF_FLOAT && node->type != RNF_CONF_INT)
		return rnf_value_refuse(node, rnf_value_numbers(row, "a number"));
	*value = node->type == RNF_CONF_INT ? (double)node->i : node->f;
	return in_range(node, row, *value);
}

static rnf_status get_string(struct rnf_conf *node, const char **value)
{
	rnf_value_type(node, RNF_TYPE_STRING);
	if (node->type != RNF_CONF_STRING) return rnf_value_refuse(node, "a text in quotes");
	*value = node->s;
	return RNF_OK;
}

static int choice_index(const struct rnf_param *row, const char *word)
{
	for (int i = 0; word && row->choices && row->choices[i]; i++)
		if (!strcmp(row->choices[i], word)) return i;
	return -1;
}

static const char *expand_home(const char *path, uint32_t flags)
{
	const char *home = getenv("HOME");
	if (!path || !(flags & RNF_PARAM_PATH) || !home || strncmp(path, "~/", 2))
		return path;
	return rnf_format("%s%s", home, path + 1);
}

static rnf_status param_ref(struct rnf_conf *node, const char *kinds,
			    const struct rnf_ref **out);

struct items { /* of a list, typed by the row */
	int64_t *ints;
	double *floats;
	const char **strings;
	const struct rnf_ref **refs;
};

static rnf_status set_item(struct rnf_conf *item, const struct rnf_param *row, size_t i,
			   const struct items *to)
{
	switch (row->type) {
	case RNF_TYPE_INTS: return get_int(item, row, &to->ints[i]);
	case RNF_TYPE_FLOATS: return get_float(item, row, &to->floats[i]);
	case RNF_TYPE_STRINGS: return get_string(item, &to->strings[i]);
	default: return param_ref(item, row->kinds, &to->refs[i]);
	}
}

static void set_items(struct rnf_conf *const *at, size_t n, const struct rnf_param *row,
		      void *out)
{
	const struct items to = {
		array(n, sizeof *to.ints), array(n, sizeof *to.floats),
		array(n, sizeof *to.strings), array(n, sizeof *to.refs),
	};
	for (size_t i = 0; i < n; i++)
		rnf_fail_aside(set_item(at[i], row, i, &to));
	switch (row->type) {
	case RNF_TYPE_INTS: *(struct rnf_ints *)out = (struct rnf_ints){ to.ints, n }; break;
	case RNF_TYPE_FLOATS:
		*(struct rnf_floats *)out = (struct rnf_floats){ to.floats, n };
		break;
	case RNF_TYPE_STRINGS:
		*(struct rnf_strings *)out = (struct rnf_strings){ to.strings, n };
		break;
	default: *(struct rnf_refs *)out = (struct rnf_refs){ to.refs, n }; break;
	}
}

/* A single plugin stands for a list of one. */
static rnf_status set_list(struct rnf_conf *node, const struct rnf_param *row, void *out)
{
	const int single = row->type == RNF_TYPE_REFS &&
			   (node->type == RNF_CONF_STRING || node->type == RNF_CONF_GROUP);
	if (!single && node->type != RNF_CONF_LIST)
		return rnf_value_refuse(node, rnf_value_wanted(row));
	set_items(single ? &node : node->at, single ? 1 : node->n, row, out);
	return RNF_OK;
}

static void fill_group(struct rnf_conf *group, const struct rnf_params *params, void *out);

static rnf_status set_group(struct rnf_conf *node, const struct rnf_param *row, void *at)
{
	const struct rnf_table table = { row->group, at };
	if (node->type != RNF_CONF_GROUP)
		return rnf_value_refuse(node, rnf_format("a group { key = value; }; its "
				"keys are: %s", rnf_keys_words(&table, 1)));
	fill_group(node, row->group, at);
	return RNF_OK;
}

static rnf_status set_groups(struct rnf_conf *node, const struct rnf_param *row, void *at)
{
	const size_t size = row->group->conf_size;
	if (node->type != RNF_CONF_LIST) return rnf_value_refuse(node, rnf_value_wanted(row));
	char *groups = array(node->n, size);
	for (size_t i = 0; i < node->n; i++)
		rnf_fail_aside(set_group(node->at[i], row, groups + i * size));
	*(struct rnf_groups *)at = (struct rnf_groups){ groups, node->n };
	return RNF_OK;
}

static rnf_status set_ref(struct rnf_conf *node, const struct rnf_param *row, void *at)
{
	const struct rnf_ref *ref = NULL;
	RNF_TRY(param_ref(node, row->kinds, &ref));
	if ((row->flags & RNF_PARAM_ROLE) && ref->role)
		return rnf_conf_fail(node, "\"%s\" is what this key gives a meaning to; "
				     "name a plugin", ref->role);
	*(const struct rnf_ref **)at = ref;
	return RNF_OK;
}

static rnf_status set_word(struct rnf_conf *node, const struct rnf_param *row, void *at)
{
	const char *text = NULL;
	if (row->type == RNF_TYPE_STRING) {
		RNF_TRY(get_string(node, &text));
		const char *must = row->flags & RNF_PARAM_NAME ? rnf_value_name(text) : NULL;
		if (must) return rnf_value_refuse(node, must);
		*(const char **)at = expand_home(text, row->flags);
		return RNF_OK;
	}
	rnf_value_type(node, row->type);
	const int i = node->type == RNF_CONF_STRING ? choice_index(row, node->s) : -1;
	if (i < 0) return rnf_value_refuse(node, rnf_value_choices(row));
	*(int32_t *)at = i;
	return RNF_OK;
}

static rnf_status set_row(struct rnf_conf *node, const struct rnf_param *row, char *out)
{
	void *at = out + row->offset;
	rnf_value_type(node, row->type);
	if (rnf_value_is_list(row->type)) return set_list(node, row, at);
	switch (row->type) {
	case RNF_TYPE_BOOL:
		if (node->type != RNF_CONF_BOOL) return rnf_value_refuse(node, rnf_value_wanted(row));
		*(int32_t *)at = node->i != 0;
		return RNF_OK;
	case RNF_TYPE_INT: return get_int(node, row, at);
	case RNF_TYPE_FLOAT: return get_float(node, row, at);
	case RNF_TYPE_REF: return set_ref(node, row, at);
	case RNF_TYPE_GROUP: return set_group(node, row, at);
	case RNF_TYPE_GROUPS: return set_groups(node, row, at);
	default: return set_word(node, row, at);
	}
}

/* ---- defaults ---- */

static rnf_status by_name(const char *kinds, const char *name, const struct rnf_ref **ref)
{
	if (depth == MAX_DEPTH)
		return rnf_fail(RNF_EINVAL, "the defaults of %s \"%s\" need it again: a "
				"cycle", rnf_value_kinds(kinds), name);
	struct rnf_conf *node = rnf_alloc(sizeof *node);
	*node = (struct rnf_conf){ .type = RNF_CONF_STRING, .s = name };
	depth++;
	const rnf_status status = param_ref(node, kinds, ref);
	depth--;
	RNF_TRY(status);
	((struct rnf_ref *)*ref)->node = NULL; /* no place */
	return RNF_OK;
}

static rnf_status default_row(const struct rnf_param *row, char *out)
{
	void *at = out + row->offset;
	switch (row->type) {
	case RNF_TYPE_BOOL: *(int32_t *)at = row->number != 0; break;
	case RNF_TYPE_INT: *(int64_t *)at = rnf_value_whole(row->number); break;
	case RNF_TYPE_FLOAT: *(double *)at = row->number; break;
	case RNF_TYPE_STRING: *(const char **)at = expand_home(row->text, row->flags); break;
	case RNF_TYPE_ENUM: {
		const int i = choice_index(row, row->text);
		*(int32_t *)at = i < 0 ? 0 : i;
		break;
	}
	case RNF_TYPE_REF:
		*(const struct rnf_ref **)at = NULL;
		if (row->text) return by_name(row->kinds, row->text, at);
		break;
	case RNF_TYPE_GROUP: fill_group(NULL, row->group, at); break;
	default: break; /* lists: empty, the struct is zero */
	}
	return RNF_OK;
}

/* ---- groups ---- */

static void notice(const char *words)
{
	*(const char **)rnf_push((void **)&notices, &n_notices, sizeof *notices) = words;
}

static void forget_notices(void)
{
	n_notices = 0;
	notices = NULL;
}

void rnf_param_forget(void)
{
	forget_notices();
	depth = 0;
}

void rnf_param_notices(void)
{
	for (size_t i = 0; i < n_notices; i++) rnf_log(RNF_LOG_INFO, "%s", notices[i]);
	forget_notices();
}

/* Report the failures of everything filled so far; a warning would only distract. */
static rnf_status finish(void)
{
	const rnf_status status = rnf_fail_all();
	if (status < 0) forget_notices();
	return status;
}

/* Keys of the group that no table has: failures, unless they were written for a plugin
 * that another one has replaced. Return how many failed. */
static int check_keys(struct rnf_conf *group, const char *owner, int has_type,
		      const struct rnf_table *tables, size_t n_tables)
{
	struct rnf_list dropped = { 0 };
	int wrong = 0;
	for (size_t i = 0; i < group->n; ) {
		const struct rnf_conf *child = group->at[i];
		const int stale = group->retyped && child->stale;
		if (rnf_keys_has(child->key, tables, n_tables) ||
		    (has_type && !strcmp(child->key, "type"))) {
			i++;
		} else if (stale) {
			rnf_list_add(&dropped, ", ", child->key);
			rnf_conf_remove(group, child);
		} else {
			rnf_fail_aside(rnf_keys_refuse(child, owner, has_type, tables, n_tables));
			wrong++;
			i++;
		}
	}
	/* who replaces a plugin in a conf has seen its keys */
	if (dropped.n && rnf_keys_word(group)->line == 0)
		notice(rnf_format("%s is %s now, which does not have: %s (left out)",
				  rnf_conf_path(group), owner, rnf_list_text(&dropped, "")));
	return wrong;
}

static int is_group(const struct rnf_conf *node)
{
	return node && node->type == RNF_CONF_GROUP;
}

static rnf_status fill_row(struct rnf_conf *group, const char *owner,
			   const struct rnf_param *row, char *out, int is_whole)
{
	struct rnf_conf *child = rnf_conf_get(group, row->key);
	if (!child && is_whole && is_group(group) && row->type == RNF_TYPE_GROUP &&
	    !(row->flags & RNF_PARAM_OPTIONAL))
		child = rnf_conf_add(group, row->key, RNF_CONF_GROUP, group->file,
				     group->line);
	if (child) return set_row(child, row, out);
	if (is_whole && row->flags & RNF_PARAM_REQUIRED)
		return rnf_keys_missing(group, owner, row);
	return default_row(row, out);
}

/* is_whole: check required keys. A group with an unknown key is exempt: that key is
 * probably the missing one, misspelt. */
static void fill_table(struct rnf_conf *group, const char *owner,
		       const struct rnf_table *table, int is_whole)
{
	const struct rnf_params *params = table->params;
	for (size_t i = 0; params && i < params->n; i++)
		rnf_fail_aside(fill_row(group, owner, rnf_keys_row(params, i), table->out,
					is_whole));
}

static void fill_group(struct rnf_conf *group, const struct rnf_params *params, void *out)
{
	const struct rnf_table table = { params, out };
	if (!group) {
		fill_table(NULL, "", &table, 0);
		return;
	}
	const char *owner = rnf_keys_owner(group, NULL);
	const int wrong = check_keys(group, owner, 0, &table, 1);
	fill_table(group, owner, &table, !wrong);
}

rnf_status rnf_param_fill(struct rnf_conf *group, const struct rnf_params *params,
			  void *out)
{
	fill_group(group, params, out);
	return finish();
}

/* ---- features ---- */

static struct rnf_table make_table(const struct rnf_params *params)
{
	return (struct rnf_table){ params, rnf_alloc(params ? params->conf_size : 1) };
}

/* The word that chooses the feature, and the group around it or NULL. */
static rnf_status read_type(struct rnf_conf *node, const char *kinds,
			    const char **type, struct rnf_conf **group)
{
	struct rnf_conf *word = node;
	*group = NULL;
	if (node->type == RNF_CONF_GROUP) {
		*group = node;
		word = rnf_conf_get(node, "type");
		if (!word)
			return rnf_conf_fail(node, "says no `type`: type = \"...\" "
					     "names a %s", rnf_value_kinds(kinds));
	}
	rnf_value_type(word, RNF_TYPE_STRING);
	if (word->type != RNF_CONF_STRING)
		return rnf_value_refuse(word, rnf_format("the name of a %s, or a group with "
					       "`type`", rnf_value_kinds(kinds)));
	*type = word->s;
	return RNF_OK;
}

static void fill_ref(struct rnf_conf *group, struct rnf_ref *ref)
{
	const struct rnf_feature *f = ref->feature;
	const struct rnf_params *common = rnf_param_common_of(f ? f->kind : "layer");
	const struct rnf_table tables[2] = { make_table(f ? f->params : NULL),
					 make_table(common) };
	const char *owner = f ? rnf_keys_owner(NULL, f) : rnf_format("\"%s\"", ref->role);
	const int wrong = group ? check_keys(group, owner, 1, tables, 2) : 0;
	/* a bare name has no group: use its node as the place of a missing key */
	struct rnf_conf *at = group ? group : ref->node;
	fill_table(at, owner, &tables[0], !wrong);
	fill_table(at, owner, &tables[1], !wrong);
	ref->conf = tables[0].out;
	ref->common = common ? tables[1].out : NULL;
}

/* Failures below the node are put aside; one of the node itself is returned. */
static rnf_status param_ref(struct rnf_conf *node, const char *kinds,
			    const struct rnf_ref **out)
{
	struct rnf_ref *ref = rnf_alloc(sizeof *ref);
	struct rnf_conf *group;
	const char *type = NULL;
	RNF_TRY(read_type(node, kinds, &type, &group));
	ref->node = node;
	ref->role = role_of(kinds, type);
	if (!ref->role) {
		const rnf_status status = rnf_loader_find(kinds, type, &ref->feature);
		const char *path = rnf_conf_path(node);
		if (status < 0)
			return rnf_fail_in(status, "%s%s%s",
					   rnf_conf_place(rnf_keys_word(node)), path,
					   path[0] ? ": " : "");
	}
	fill_ref(group, ref);
	*out = ref;
	return RNF_OK;
}

rnf_status rnf_param_ref(struct rnf_conf *node, const char *kinds,
			 const struct rnf_ref **ref)
{
	rnf_fail_aside(param_ref(node, kinds, ref));
	return finish();
}

rnf_status rnf_keys_tables(const char *kinds, const char *type,
			   const struct rnf_params *tables[2])
{
	const struct rnf_feature *f = NULL;
	if (!role_of(kinds, type)) RNF_TRY(rnf_loader_find(kinds, type, &f));
	tables[0] = f ? f->params : NULL;
	tables[1] = rnf_param_common_of(f ? f->kind : "layer");
	return RNF_OK;
}

/* ---- settings made in C ---- */

static int ref_fits(const struct rnf_ref *ref, const char *kinds)
{
	if (!ref) return 1;
	return has_kind(kinds, ref->role ? "layer" : ref->feature->kind);
}

static rnf_status lay_ref(const struct rnf_setting *s, const struct rnf_param *row,
			  char *out)
{
	if (row->type != RNF_TYPE_REF)
		return rnf_fail(RNF_EINVAL, "%s takes %s, not a feature", s->key, rnf_value_wanted(row));
	if (!ref_fits(s->ref, row->kinds))
		return rnf_fail(RNF_EINVAL, "%s takes %s, not %s.%s", s->key,
				rnf_value_kinds(row->kinds),
				s->ref->role ? "layer" : s->ref->feature->kind,
				s->ref->role ? s->ref->role : s->ref->feature->name);
	*(const struct rnf_ref **)(out + row->offset) = s->ref;
	return RNF_OK;
}

static rnf_status lay(const struct rnf_setting *s, const struct rnf_param *row, char *out)
{
	struct rnf_conf *node = rnf_alloc(sizeof *node);
	node->key = s->key;
	switch (s->type) {
	case RNF_TYPE_INT: node->type = RNF_CONF_INT; node->i = s->i; break;
	case RNF_TYPE_BOOL: node->type = RNF_CONF_BOOL; node->i = s->i; break;
	case RNF_TYPE_FLOAT: node->type = RNF_CONF_FLOAT; node->f = s->f; break;
	case RNF_TYPE_STRING: node->type = RNF_CONF_STRING; node->s = s->s; break;
	case RNF_TYPE_REF: return lay_ref(s, row, out);
	default: return rnf_fail(RNF_EINVAL, "%s is set with an unknown type", s->key);
	}
	if (s->type == RNF_TYPE_STRING && !s->s)
		return rnf_fail(RNF_EINVAL, "%s is set to no text at all", s->key);
	return set_row(node, row, out);
}

static rnf_status lay_all(const struct rnf_feature *f, const struct rnf_setting *settings,
			  size_t n, const struct rnf_table *table)
{
	const char *owner = rnf_keys_owner(NULL, f);
	for (size_t i = 0; i < n; i++) {
		const struct rnf_param *row = rnf_param_row(f->params, settings[i].key);
		if (!row) return rnf_keys_unknown(owner, settings[i].key, table, 1);
		const rnf_status status = lay(&settings[i], row, table->out);
		if (status < 0) return rnf_fail_in(status, "%s: ", owner);
	}
	return RNF_OK;
}

static rnf_status check_required(const struct rnf_feature *f,
				 const struct rnf_setting *settings, size_t n)
{
	for (size_t i = 0; f->params && i < f->params->n; i++) {
		const struct rnf_param *row = rnf_keys_row(f->params, i);
		size_t k = 0;
		while (k < n && strcmp(settings[k].key, row->key)) k++;
		if (k == n && (row->flags & RNF_PARAM_REQUIRED))
			return rnf_keys_missing(NULL, rnf_keys_owner(NULL, f), row);
	}
	return RNF_OK;
}

static rnf_status lay_over(struct rnf_ref *ref, const struct rnf_ref *from,
			   const struct rnf_setting *settings, size_t n)
{
	const struct rnf_feature *f = ref->feature;
	const struct rnf_table table = make_table(f->params);
	if (from && f->params) memcpy(table.out, from->conf, f->params->conf_size);
	if (!from) fill_table(NULL, "", &table, 0);
	RNF_TRY(rnf_fail_all());
	RNF_TRY(lay_all(f, settings, n, &table));
	if (!from) RNF_TRY(check_required(f, settings, n));
	ref->conf = table.out;
	return RNF_OK;
}

rnf_status rnf_param_settings(const char *kinds, const char *type,
			      const struct rnf_ref *from,
			      const struct rnf_setting *settings, size_t n,
			      const struct rnf_ref **out)
{
	struct rnf_ref *ref = rnf_alloc(sizeof *ref);
	if (from && from->role)
		return rnf_fail(RNF_EINVAL, "\"%s\" takes no settings before it stands "
				"for a plugin", from->role);
	if (from) *ref = *from;
	else RNF_TRY(rnf_loader_find(kinds, type, &ref->feature));
	const rnf_status status = lay_over(ref, from, settings, n);
	if (status < 0 && ref->node)
		return rnf_fail_in(status, "%s%s: ", rnf_conf_place(rnf_keys_word(ref->node)),
				   rnf_conf_path(ref->node));
	RNF_TRY(status);
	*out = ref;
	return RNF_OK;
}
