/* Built for the next minor version. */
#define NAME "newer_minor"
#include "bad.h"

const struct rnf_plugin *rnf_plugin_entry(void)
{
	plugin.abi_minor++;
	return &plugin;
}
