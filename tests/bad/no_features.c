/* Has no features. */
#define NAME "no_features"
#include "bad.h"

const struct rnf_plugin *rnf_plugin_entry(void)
{
	plugin.n_features = 0;
	return &plugin;
}
