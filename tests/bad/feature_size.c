/* A feature of an older struct. */
#define NAME "feature_size"
#include "bad.h"

const struct rnf_plugin *rnf_plugin_entry(void)
{
	feature.size -= 8;
	return &plugin;
}
