/* Claims more features than it has. */
#define NAME "many_features"
#include "bad.h"

const struct rnf_plugin *rnf_plugin_entry(void)
{
	plugin.n_features = UINT32_MAX;
	return &plugin;
}
