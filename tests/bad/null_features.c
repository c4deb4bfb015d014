/* No list of features. */
#define NAME "null_features"
#include "bad.h"

const struct rnf_plugin *rnf_plugin_entry(void)
{
	plugin.features = NULL;
	return &plugin;
}
