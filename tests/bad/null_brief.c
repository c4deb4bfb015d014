/* A feature without a brief. */
#define NAME "null_brief"
#include "bad.h"

const struct rnf_plugin *rnf_plugin_entry(void)
{
	feature.brief = NULL;
	return &plugin;
}
