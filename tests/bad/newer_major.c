/* Built for the next major version. */
#define NAME "newer_major"
#include "bad.h"

const struct rnf_plugin *rnf_plugin_entry(void)
{
	plugin.abi_major++;
	return &plugin;
}
