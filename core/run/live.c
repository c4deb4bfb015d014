#include "run/live.h"

#include <stddef.h>
#include <string.h>

#include "base/arena.h"

/* On a resume; in runs with the same bits; one that says where a run runs, not what it
 * computes. */
enum { RESUME = 1, ALWAYS = 2, MACHINE = 4 };

static const struct {
	const char *key;
	int when;
} keys[] = {
	{ "threads", RESUME | ALWAYS | MACHINE },
	{ "out", RESUME | ALWAYS | MACHINE },
	{ "data.path", RESUME | ALWAYS | MACHINE },
	{ "data.cache", RESUME | ALWAYS | MACHINE },
	{ "data.cache_mib", RESUME | ALWAYS | MACHINE },
	{ "train.init", RESUME | MACHINE },
	{ "train.callbacks", RESUME | ALWAYS },
	{ "train.pictures", RESUME | ALWAYS },
	{ "train.epochs", RESUME },
	{ "train.max_steps", RESUME },
	{ "name", ALWAYS },
};
enum { N_KEYS = sizeof keys / sizeof *keys };

static int is_live(const char *path, int when)
{
	for (size_t i = 0; i < N_KEYS; i++) {
		const size_t n = strlen(keys[i].key);
		if (keys[i].when & when && !strncmp(path, keys[i].key, n) &&
		    (!path[n] || strchr(".[", path[n])))
			return 1;
	}
	return 0;
}

int rnf_live_on_resume(const char *path) { return is_live(path, RESUME); }
int rnf_live_always(const char *path) { return is_live(path, ALWAYS); }

void rnf_live_drop_machine(struct rnf_conf *tree)
{
	for (size_t i = 0; i < N_KEYS; i++) {
		const struct rnf_conf *node =
			keys[i].when & MACHINE ? rnf_conf_find(tree, keys[i].key) : NULL;
		if (node) rnf_conf_remove(node->parent, node);
	}
}

const char *rnf_live_words(void)
{
	const char *text = "", *last = NULL;
	for (size_t i = 0; i < N_KEYS; i++) {
		if (!(keys[i].when & RESUME)) continue;
		if (last) text = rnf_format("%s%s%s", text, text[0] ? ", " : "", last);
		last = keys[i].key;
	}
	return rnf_format("%s and %s", text, last);
}
