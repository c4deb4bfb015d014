/* Compares two confs. */
#include <string.h>

#include "base/arena.h"
#include "base/lines.h"
#include "base/text.h"
#include "conf/conf.h"

struct comparison {
	rnf_conf_tell tell;
	void *context;
};

static void compare(const struct comparison *c, const char *path,
		    const struct rnf_conf *a, const struct rnf_conf *b);

static const char *below(const char *path, const char *key)
{
	return path[0] ? rnf_format("%s.%s", path, key) : key;
}

static int is_text(const struct rnf_conf *node)
{
	return node->type == RNF_CONF_STRING || node->type == RNF_CONF_RAW;
}

static int is_number(const struct rnf_conf *node)
{
	return node->type == RNF_CONF_INT || node->type == RNF_CONF_FLOAT;
}

static double number(const struct rnf_conf *node)
{
	return node->type == RNF_CONF_INT ? (double)node->i : node->f;
}

static int same_value(const struct rnf_conf *a, const struct rnf_conf *b)
{
	if (is_text(a) && is_text(b)) return !strcmp(a->s, b->s);
	if (a->type == b->type && a->type != RNF_CONF_FLOAT) return a->i == b->i;
	return is_number(a) && is_number(b) && number(a) == number(b);
}

/* The key of a group; a plugin's bare name counts as a group with `type` only. */
static const struct rnf_conf *get(const struct rnf_conf *node, const char *key)
{
	if (is_text(node)) return strcmp(key, "type") ? NULL : node;
	return rnf_conf_get(node, key);
}

/* Values that only b has come after those of a. */
static void compare_groups(const struct comparison *c, const char *path,
			   const struct rnf_conf *a, const struct rnf_conf *b)
{
	static const char *const bare[] = { "type" };
	for (size_t i = 0; i < (is_text(a) ? 1 : a->n); i++) {
		const char *key = is_text(a) ? bare[0] : a->at[i]->key;
		compare(c, below(path, key), get(a, key), get(b, key));
	}
	for (size_t i = 0; i < (is_text(b) ? 1 : b->n); i++) {
		const char *key = is_text(b) ? bare[0] : b->at[i]->key;
		if (!get(a, key)) compare(c, below(path, key), NULL, get(b, key));
	}
}

static void compare_lists(const struct comparison *c, const char *path,
			  const struct rnf_conf *a, const struct rnf_conf *b)
{
	for (size_t i = 0; i < a->n || i < b->n; i++)
		compare(c, rnf_format("%s[%zu]", path, i), i < a->n ? a->at[i] : NULL,
			i < b->n ? b->at[i] : NULL);
}

static void compare(const struct comparison *c, const char *path,
		    const struct rnf_conf *a, const struct rnf_conf *b)
{
	const int a_groups = a && (a->type == RNF_CONF_GROUP || is_text(a));
	const int b_groups = b && (b->type == RNF_CONF_GROUP || is_text(b));
	if (a_groups && b_groups && !(is_text(a) && is_text(b)))
		compare_groups(c, path, a, b);
	else if (a && b && a->type == RNF_CONF_LIST && b->type == RNF_CONF_LIST)
		compare_lists(c, path, a, b);
	else if (!a || !b || !same_value(a, b))
		c->tell(c->context, path, a, b);
}

void rnf_conf_compare(const struct rnf_conf *a, const struct rnf_conf *b,
		      rnf_conf_tell tell, void *context)
{
	const struct comparison c = { tell, context };
	compare_groups(&c, "", a, b);
}

static const char *words_of_group(const struct rnf_conf *node)
{
	const char *type = rnf_conf_word(rnf_conf_get(node, "type"));
	return type ? rnf_format("{ type = %s; ... }", rnf_text_quoted(type)) : "{ ... }";
}

const char *rnf_conf_words(const struct rnf_conf *node)
{
	char text[32];
	if (!node) return "not set";
	switch (node->type) {
	case RNF_CONF_GROUP: return words_of_group(node);
	case RNF_CONF_LIST: return rnf_format("a list of %zu", node->n);
	case RNF_CONF_BOOL: return node->i ? "true" : "false";
	case RNF_CONF_INT: return rnf_format("%lld", (long long)node->i);
	case RNF_CONF_FLOAT: return rnf_format("%s", rnf_number_text(text, node->f));
	default: return rnf_text_quoted(node->s);
	}
}
