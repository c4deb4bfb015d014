/* Says that it has more features than there are. */
#define NAME "many_features"
#include "bad.h"

const struct rnf_plugin *rnf_plugin_entry(void)
{
	plugin.n_features = UINT32_MAX;
	return &plugin;
}
