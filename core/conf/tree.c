/* Helpers of the conf tree: children, paths, places and nearest words. */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "conf/conf.h"

struct rnf_conf *rnf_conf_get(const struct rnf_conf *group, const char *key)
{
	if (!group || group->type != RNF_CONF_GROUP) return NULL;
	for (size_t i = 0; i < group->n; i++)
		if (group->at[i]->key && !strcmp(group->at[i]->key, key))
			return group->at[i];
	return NULL;
}

const char *rnf_conf_word(const struct rnf_conf *node)
{
	if (!node) return NULL;
	return node->type == RNF_CONF_STRING || node->type == RNF_CONF_RAW ? node->s : NULL;
}

const char *rnf_conf_label(const struct rnf_conf *item, const char *key)
{
	if (item->type == RNF_CONF_GROUP) return rnf_conf_word(rnf_conf_get(item, key));
	return strcmp(key, "type") ? NULL : rnf_conf_word(item);
}

struct rnf_conf *rnf_conf_add(struct rnf_conf *parent, const char *key,
			      enum rnf_conf_type type, const char *file, int line)
{
	struct rnf_conf *node = rnf_alloc(sizeof *node);
	*node = (struct rnf_conf){ .type = type, .file = file, .line = line,
				   .parent = parent };
	if (key) node->key = rnf_strndup(key, strlen(key));
	if (parent)
		*(struct rnf_conf **)rnf_push((void **)&parent->at, &parent->n,
					      sizeof node) = node;
	return node;
}

void rnf_conf_group(struct rnf_conf *node)
{
	const char *type = node->s;
	const enum rnf_conf_type was = node->type;
	node->type = RNF_CONF_GROUP;
	node->at = NULL;
	node->n = 0;
	rnf_conf_add(node, "type", was, node->file, node->line)->s = type;
}

void rnf_conf_remove(struct rnf_conf *parent, const struct rnf_conf *child)
{
	size_t kept = 0;
	struct rnf_conf **at = rnf_alloc((parent->n + 1) * sizeof *at);
	for (size_t i = 0; i < parent->n; i++)
		if (parent->at[i] != child) at[kept++] = parent->at[i];
	/* rnf_push doubles at powers of two: rebuild the array so that its room fits */
	parent->at = NULL;
	parent->n = 0;
	for (size_t i = 0; i < kept; i++)
		*(struct rnf_conf **)rnf_push((void **)&parent->at, &parent->n,
					      sizeof *at) = at[i];
}

struct rnf_conf *rnf_conf_copy(const struct rnf_conf *node, struct rnf_conf *parent)
{
	struct rnf_conf *copy = rnf_conf_add(parent, node->key, node->type, node->file,
					     node->line);
	copy->i = node->i;
	copy->f = node->f;
	copy->s = node->s;
	for (size_t i = 0; i < node->n; i++)
		rnf_conf_copy(node->at[i], copy);
	return copy;
}

const char *rnf_conf_path(const struct rnf_conf *node)
{
	const struct rnf_conf *parent = node->parent;
	if (!parent) return node->key ? node->key : "";
	const char *before = rnf_conf_path(parent);
	if (node->key)
		return rnf_format("%s%s%s", before, before[0] ? "." : "", node->key);
	size_t i = 0;
	while (i < parent->n && parent->at[i] != node) i++;
	return rnf_format("%s[%zu]", before, i);
}

const char *rnf_conf_place(const struct rnf_conf *node)
{
	while (node && !node->file) node = node->parent;
	if (!node) return "";
	if (!node->line) return rnf_format("%s: ", node->file);
	return rnf_format("%s:%d: ", node->file, node->line);
}

rnf_status rnf_conf_fail(const struct rnf_conf *node, const char *format, ...)
{
	char words[1024];
	va_list args;
	va_start(args, format);
	vsnprintf(words, sizeof words, format, args);
	va_end(args);
	const char *path = rnf_conf_path(node);
	return rnf_fail(RNF_EINVAL, "%s%s%s%s", rnf_conf_place(node), path,
			path[0] ? ": " : "", words);
}

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

const char *rnf_conf_trimmed(const char *p, size_t n)
{
	while (n && isspace((unsigned char)*p)) p++, n--;
	while (n && isspace((unsigned char)p[n - 1])) n--;
	return rnf_strndup(p, n);
}

const char *rnf_conf_unquoted(const char *text)
{
	const size_t n = strlen(text);
	if (n < 2 || text[0] != '"' || text[n - 1] != '"') return text;
	if (memchr(text + 1, '"', n - 2)) return text; /* "a","b" is not one text */
	return rnf_strndup(text + 1, n - 2);
}

/* Up to the comma that ends an element; a comma in quotes does not. */
static size_t item_length(const char *p)
{
	int inside = 0;
	size_t n = 0;
	for (; p[n] && (inside || p[n] != ','); n++)
		if (p[n] == '"') inside = !inside;
	return n;
}

void rnf_conf_split(struct rnf_conf *node)
{
	const char *p = rnf_conf_trimmed(node->s, strlen(node->s));
	size_t n = strlen(p);
	const char last = n ? p[n - 1] : 0;
	const int opens = *p == '[' || *p == '(', closes = last == ']' || last == ')';
	if (opens != closes || (opens && (*p == '[') != (last == ']'))) return;
	if (opens) p = rnf_conf_trimmed(p + 1, n - 2);
	node->type = RNF_CONF_LIST;
	node->at = NULL;
	node->n = 0;
	while (*p) {
		n = item_length(p);
		rnf_conf_add(node, NULL, RNF_CONF_RAW, node->file, node->line)->s =
			rnf_conf_unquoted(rnf_conf_trimmed(p, n));
		p += n + (p[n] == ',');
	}
}

/* Levenshtein's distance; words longer than the row count as far from everything. */
static size_t distance(const char *a, const char *b)
{
	size_t row[64];
	const size_t n = strlen(b);
	if (n >= 64) return 64;
	for (size_t j = 0; j <= n; j++) row[j] = j;
	for (size_t i = 0; a[i]; i++) {
		size_t corner = row[0];
		row[0] = i + 1;
		for (size_t j = 0; j < n; j++) {
			const size_t swap = corner + (a[i] != b[j]);
			corner = row[j + 1];
			row[j + 1] = least(swap, least(corner, row[j]) + 1);
		}
	}
	return row[n];
}

const char *rnf_nearest(const char *wrong, const char *const *words, size_t n)
{
	const char *best = NULL;
	size_t near = strlen(wrong) / 3 + 2; /* one more than the largest accepted distance */
	const size_t length = strlen(wrong);
	for (size_t i = 0; i < n; i++) {
		const size_t other = strlen(words[i]);
		if ((length > other ? length - other : other - length) >= near) continue;
		const size_t d = distance(wrong, words[i]);
		if (d < near && d < strlen(words[i])) {
			near = d;
			best = words[i];
		}
	}
	return best;
}
