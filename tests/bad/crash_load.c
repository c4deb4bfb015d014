/* Crashes while it is loaded. */
#define NAME "crash_load"
#include "bad.h"

__attribute__((constructor)) static void die(void)
{
	__builtin_trap();
}

const struct rnf_plugin *rnf_plugin_entry(void)
{
	return &plugin;
}
