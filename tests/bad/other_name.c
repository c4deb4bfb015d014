/* File and descriptor differ. */
#define NAME "other_name"
#include "bad.h"

const struct rnf_plugin *rnf_plugin_entry(void)
{
	feature.name = "somebody_else";
	return &plugin;
}
