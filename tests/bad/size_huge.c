/* A descriptor of 4 GiB. */
#define NAME "size_huge"
#include "bad.h"

const struct rnf_plugin *rnf_plugin_entry(void)
{
	plugin.size = UINT32_MAX;
	return &plugin;
}
