/* Overrides such as "model.layers.stage1.repeat=5". Values stay text until the
 * parameter's row types them. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"
#include "conf/conf.h"

#define MAX_STEPS 64

struct override {
	const char *text, *file; /* as the user wrote it, and where */
	int line;
	const char *steps[MAX_STEPS];
	size_t n;
	const char *value;
	int adds; /* += */
};

static rnf_status refuse(const struct override *o, const char *words)
{
	const char *place = o->line ? rnf_format("%s:%d", o->file, o->line) : o->file;
	return rnf_fail(RNF_EINVAL, "%s: %s: %s", place, rnf_text_quoted(o->text), words);
}

static rnf_status add_step(struct override *o, const char *p, size_t n)
{
	if (n == 0) return refuse(o, "a part of the path is empty");
	if (o->n == MAX_STEPS) return refuse(o, "the path is too long");
	o->steps[o->n++] = rnf_strndup(p, n);
	return RNF_OK;
}

/* layers[2].block and layers.2.block are the same path. */
static rnf_status split(struct override *o)
{
	const char *equals = strchr(o->text, '=');
	if (!equals) return refuse(o, "must be key.path=value");
	o->adds = equals > o->text && equals[-1] == '+';
	const char *p = rnf_conf_trimmed(o->text, (size_t)(equals - o->text - o->adds));
	o->value = rnf_conf_unquoted(rnf_conf_trimmed(equals + 1, strlen(equals + 1)));
	if (!*p) return refuse(o, "names no key");
	while (*p) {
		const size_t n = strcspn(p, ".[");
		RNF_TRY(add_step(o, p, n));
		p += n;
		while (*p == '[') {
			const size_t inside = strcspn(p + 1, "]");
			RNF_TRY(add_step(o, p + 1, inside));
			p += inside + (p[inside + 1] == ']' ? 2 : 1);
		}
		if (*p == '.' && !*++p) return refuse(o, "the path ends in a point");
	}
	return RNF_OK;
}

/* ---- elements of lists ---- */

static const char *labels(const struct rnf_conf *list)
{
	struct rnf_list all = { 0 };
	for (size_t i = 0; i < list->n; i++) {
		const char *name = rnf_conf_label(list->at[i], "name");
		if (!name) name = rnf_conf_label(list->at[i], "type");
		rnf_list_add(&all, ", ", name ? name : rnf_format("%zu", i));
	}
	return rnf_list_text(&all, "none");
}

static rnf_status by_label(const struct override *o, const struct rnf_conf *list,
			   const char *key, const char *word, struct rnf_conf **item)
{
	struct rnf_list indices = { 0 };
	size_t n = 0;
	for (size_t i = 0; i < list->n; i++) {
		const char *label = rnf_conf_label(list->at[i], key);
		if (!label || strcmp(label, word)) continue;
		*item = list->at[i];
		if (n++ < 20) rnf_list_add(&indices, ", ", rnf_format("%zu", i));
	}
	if (n < 2) return RNF_OK;
	return refuse(o, rnf_format("%s has several with %s \"%s\": select one by index, "
				    "%s", rnf_conf_path(list), key, word,
				    rnf_list_text(&indices, "")));
}

static rnf_status element(const struct override *o, const struct rnf_conf *list,
			  const char *word, struct rnf_conf **item)
{
	*item = NULL;
	if (word[strspn(word, "0123456789")] == 0) {
		const size_t i = strlen(word) < 10 ? (size_t)atol(word) : list->n;
		if (i < list->n) *item = list->at[i];
		if (*item) return RNF_OK;
		return refuse(o, rnf_format("%s has %zu elements, from 0 on",
					    rnf_conf_path(list), list->n));
	}
	RNF_TRY(by_label(o, list, "name", word, item));
	if (!*item) RNF_TRY(by_label(o, list, "type", word, item));
	if (*item) return RNF_OK;
	return refuse(o, rnf_format("%s has no element %s; it has: %s",
				    rnf_conf_path(list), rnf_text_quoted(word), labels(list)));
}

/* ---- the walk ---- */

/* Parse the text of an override as a list. */
static int is_list_text(const struct rnf_conf *node)
{
	return node->type == RNF_CONF_RAW &&
	       (node->s[0] == '[' || node->s[0] == '(' || strchr(node->s, ',') != NULL);
}

/* Where a list of plugins is wanted, a single plugin stands for a list of one. */
static void make_list(struct rnf_conf *node)
{
	if (node->type == RNF_CONF_RAW) {
		rnf_conf_split(node);
		return;
	}
	struct rnf_conf *item = rnf_conf_add(NULL, NULL, node->type, node->file, node->line);
	*item = *node;
	item->key = NULL;
	item->parent = node;
	for (size_t i = 0; i < item->n; i++) item->at[i]->parent = item;
	node->type = RNF_CONF_LIST;
	node->at = NULL;
	node->n = 0;
	*(struct rnf_conf **)rnf_push((void **)&node->at, &node->n, sizeof item) = item;
}

static rnf_status step(const struct override *o, struct rnf_conf *node, const char *key,
		       struct rnf_conf **child)
{
	const char *label = rnf_conf_label(node, "type");
	if (is_list_text(node) || (label && !strcmp(label, key) && !rnf_conf_get(node, key)))
		make_list(node);
	if (node->type == RNF_CONF_LIST) return element(o, node, key, child);
	if (rnf_conf_word(node)) rnf_conf_group(node);
	if (node->type != RNF_CONF_GROUP)
		return refuse(o, rnf_format("%s is a plain value, nothing is below it",
					    rnf_conf_path(node)));
	*child = rnf_conf_get(node, key);
	return RNF_OK;
}

static void assign(const struct override *o, struct rnf_conf *node)
{
	node->type = RNF_CONF_RAW;
	node->s = o->value;
	node->file = o->file;
	node->line = o->line;
	node->at = NULL;
	node->n = 0;
	node->stale = 0;
}

/* Keys that were written for another type may mean nothing to the new one. */
static void assign_type(const struct override *o, struct rnf_conf *group)
{
	struct rnf_conf *type = rnf_conf_get(group, "type");
	const char *was = rnf_conf_word(type);
	if (was && strcmp(was, o->value)) {
		group->retyped = 1;
		for (size_t i = 0; i < group->n; i++) group->at[i]->stale = 1;
	}
	if (!type) type = rnf_conf_add(group, "type", RNF_CONF_RAW, o->file, o->line);
	assign(o, type);
}

static rnf_status finish(const struct override *o, struct rnf_conf *node, const char *key)
{
	struct rnf_conf *child = NULL;
	RNF_TRY(step(o, node, key, &child));
	if (node->type == RNF_CONF_GROUP && !strcmp(key, "type")) {
		assign_type(o, node);
		return RNF_OK;
	}
	if (child && child->type == RNF_CONF_GROUP) {
		assign_type(o, child);
		return RNF_OK;
	}
	if (!child) child = rnf_conf_add(node, key, RNF_CONF_RAW, o->file, o->line);
	assign(o, child);
	return RNF_OK;
}

/* Insert a new element at index `at`. */
static void insert(const struct override *o, struct rnf_conf *list, size_t at)
{
	struct rnf_conf *item = rnf_conf_add(list, NULL, RNF_CONF_RAW, o->file, o->line);
	item->s = o->value;
	memmove(list->at + at + 1, list->at + at, (list->n - 1 - at) * sizeof *list->at);
	list->at[at] = item;
}

/* list+=x appends x; list.element+=x inserts x before that element. */
static rnf_status add(const struct override *o, struct rnf_conf *node, const char *key)
{
	struct rnf_conf *child = NULL;
	size_t at = 0;
	RNF_TRY(step(o, node, key, &child));
	if (node->type == RNF_CONF_GROUP && !child)
		child = rnf_conf_add(node, key, RNF_CONF_LIST, o->file, o->line);
	if (node->type != RNF_CONF_LIST && rnf_conf_label(child, "type")) make_list(child);
	if (child->type == RNF_CONF_LIST) {
		insert(o, child, child->n);
		return RNF_OK;
	}
	if (node->type != RNF_CONF_LIST)
		return refuse(o, rnf_format("%s is neither a list nor an element of one",
					    rnf_conf_path(child)));
	while (node->at[at] != child) at++;
	insert(o, node, at);
	return RNF_OK;
}

rnf_status rnf_conf_override(struct rnf_conf *root, const char *text,
			     const char *origin, int line)
{
	struct override o = { .text = text, .file = origin ? origin : "--set",
			      .line = line };
	struct rnf_conf *node = root;
	RNF_TRY(split(&o));
	for (size_t i = 0; i + 1 < o.n; i++) {
		struct rnf_conf *child = NULL;
		RNF_TRY(step(&o, node, o.steps[i], &child));
		if (!child)
			child = rnf_conf_add(node, o.steps[i], RNF_CONF_GROUP, o.file,
					     o.line);
		node = child;
	}
	return o.adds ? add(&o, node, o.steps[o.n - 1]) : finish(&o, node, o.steps[o.n - 1]);
}
