/* A descriptor of no bytes. */
#define NAME "size_zero"
#include "bad.h"

const struct rnf_plugin *rnf_plugin_entry(void)
{
	plugin.size = 0;
	return &plugin;
}
