/* A feature without functions. */
#define NAME "null_impl"
#include "bad.h"

const struct rnf_plugin *rnf_plugin_entry(void)
{
	feature.impl = NULL;
	return &plugin;
}
