/* A layer without a lower function. */
#define NAME "no_lower"
#include "bad.h"

static const struct rnf_layer_impl empty = { .inputs = 1 };

const struct rnf_plugin *rnf_plugin_entry(void)
{
	feature.impl = &empty;
	return &plugin;
}
