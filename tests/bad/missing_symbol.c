/* Needs a function that does not exist. */
#define NAME "missing_symbol"
#include "bad.h"

uint32_t nobody_has(void);

const struct rnf_plugin *rnf_plugin_entry(void)
{
	plugin.n_features = nobody_has();
	return &plugin;
}
