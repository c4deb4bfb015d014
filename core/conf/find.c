/* Finds a value by its path, without changing the tree. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "conf/conf.h"

static const struct rnf_conf *labelled(const struct rnf_conf *list, const char *key,
				       const char *word)
{
	for (size_t i = 0; i < list->n; i++) {
		const char *label = rnf_conf_label(list->at[i], key);
		if (label && !strcmp(label, word)) return list->at[i];
	}
	return NULL;
}

static const struct rnf_conf *element(const struct rnf_conf *list, const char *word)
{
	if (*word && word[strspn(word, "0123456789")] == 0) {
		const size_t i = strlen(word) < 10 ? (size_t)atol(word) : list->n;
		return i < list->n ? list->at[i] : NULL;
	}
	const struct rnf_conf *item = labelled(list, "name", word);
	return item ? item : labelled(list, "type", word);
}

/* A plugin's bare name is a type too. */
static const struct rnf_conf *below(const struct rnf_conf *node, const char *word)
{
	if (node->type == RNF_CONF_LIST) return element(node, word);
	if (rnf_conf_word(node)) return strcmp(word, "type") ? NULL : node;
	return rnf_conf_get(node, word);
}

const struct rnf_conf *rnf_conf_find(const struct rnf_conf *root, const char *path)
{
	const struct rnf_conf *node = root;
	for (const char *p = path; node && *p; ) {
		const size_t n = strcspn(p, ".[]");
		if (n) node = below(node, rnf_strndup(p, n));
		p += n + (p[n] != 0);
	}
	return node;
}
