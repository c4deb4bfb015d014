/* Functions of an older struct. */
#define NAME "impl_size"
#include "bad.h"

const struct rnf_plugin *rnf_plugin_entry(void)
{
	feature.impl_size -= 8;
	return &plugin;
}
