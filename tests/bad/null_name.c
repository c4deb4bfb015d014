/* A feature without a name. */
#define NAME "null_name"
#include "bad.h"

const struct rnf_plugin *rnf_plugin_entry(void)
{
	feature.name = NULL;
	return &plugin;
}
