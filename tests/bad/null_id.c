/* A descriptor without an id. */
#define NAME "null_id"
#include "bad.h"

const struct rnf_plugin *rnf_plugin_entry(void)
{
	plugin.id = NULL;
	return &plugin;
}
