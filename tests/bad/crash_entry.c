/* Crashes when asked for its descriptor. */
#define NAME "crash_entry"
#include "bad.h"

const struct rnf_plugin *rnf_plugin_entry(void)
{
	volatile int *volatile nowhere = NULL;
	*nowhere = 1;
	return &plugin;
}
