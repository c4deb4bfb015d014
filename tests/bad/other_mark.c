/* The descriptor has the wrong magic number. */
#define NAME "other_mark"
#include "bad.h"

const struct rnf_plugin *rnf_plugin_entry(void)
{
	plugin.magic++;
	return &plugin;
}
