/* The entry returns NULL. */
#include <rnframe/layer.h>

const struct rnf_plugin *rnf_plugin_entry(void)
{
	return NULL;
}
