/* For tests: every built plugin by folder, and a minimal conf for it, so that a new
 * plugin is tested without an edit. */
#ifndef TEST_BUILT_H
#define TEST_BUILT_H

#include "lib/plugin.h"
#include "plugin/param.h"

struct test_built {
	char file[512], kind[64], name[64];
	const struct rnf_plugin *plugin;
};

/* Rows may be of a larger struct than this program knows. */
static inline const struct rnf_param *test_param_row(const struct rnf_params *p, size_t i)
{
	return (const struct rnf_param *)((const char *)p->rows + i * p->stride);
}

/* Check each plugin of a kind, "*": of all kinds; none is a failure. */
void test_each(const char *kind, void (*check)(const struct test_built *));
/* Let the core find the plugins of the build under test. */
void test_plugins_path(void);
/* { type = NAME; } and a value for each key that is required. */
struct rnf_conf *test_least_conf(const char *kind, const char *name);
/* A plugin's struct, filled from that. */
const struct rnf_ref *test_least(const struct test_built *f);

/* A conf is head, layers, tail: the layers get 9 x 7 pixels of 32 channels, which "b" has made of
 * "a", and may give any image. */
extern const char test_built_head[], test_built_tail[];
/* A layer or block for it: its minimal conf, with "a" and "b" if it takes several values. */
struct rnf_conf *test_built_layer(const struct test_built *f);

#endif
