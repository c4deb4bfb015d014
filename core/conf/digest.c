/* A conf as one number: sums over the keys of a group, so that their order does not
 * count, and chained over the elements of a list. */
#include <rnframe/random.h>
#include <string.h>

#include "base/arena.h"
#include "conf/conf.h"

typedef int (*skipper)(const char *path);

static uint64_t of_text(const char *text) /* FNV-1a */
{
	uint64_t hash = 14695981039346656037ull;
	for (const char *c = text; *c; c++)
		hash = (hash ^ (unsigned char)*c) * 1099511628211ull;
	return rnf_random_mix(hash);
}

/* 1 and 1.0 are the same. */
static uint64_t of_number(double number)
{
	uint64_t bits;
	memcpy(&bits, &number, sizeof bits);
	return rnf_random_key(bits, 1);
}

/* A plugin's bare name counts as a group with `type` only. */
static uint64_t of_type(const char *name)
{
	return rnf_random_key(of_text("type"), of_text(name));
}

static uint64_t of_node(const struct rnf_conf *node, const char *path, skipper skips);

static uint64_t of_group(const struct rnf_conf *group, const char *path, skipper skips)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < group->n; i++) {
		const struct rnf_conf *child = group->at[i];
		const char *word = rnf_conf_word(child);
		const char *below = path[0] ? rnf_format("%s.%s", path, child->key) : child->key;
		if (skips && skips(below)) continue;
		sum += word && !strcmp(child->key, "type")
			? of_type(word)
			: rnf_random_key(of_text(child->key), of_node(child, below, skips));
	}
	return sum;
}

static uint64_t of_list(const struct rnf_conf *list, const char *path, skipper skips)
{
	uint64_t hash = list->n;
	for (size_t i = 0; i < list->n; i++)
		hash = rnf_random_key(hash, of_node(list->at[i], rnf_format("%s[%zu]", path, i),
						    skips));
	return hash;
}

static uint64_t of_node(const struct rnf_conf *node, const char *path, skipper skips)
{
	switch (node->type) {
	case RNF_CONF_GROUP: return of_group(node, path, skips);
	case RNF_CONF_LIST: return of_list(node, path, skips);
	case RNF_CONF_BOOL: return rnf_random_key((uint64_t)node->i, 2);
	case RNF_CONF_INT: return of_number((double)node->i);
	case RNF_CONF_FLOAT: return of_number(node->f);
	default: return of_type(node->s);
	}
}

uint64_t rnf_conf_digest(const struct rnf_conf *root, int (*skips)(const char *path))
{
	return of_group(root, "", skips);
}
