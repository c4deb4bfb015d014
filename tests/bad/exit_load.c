/* Ends the program while it is loaded. */
#define NAME "exit_load"
#include <stdlib.h>

#include "bad.h"

__attribute__((constructor)) static void end(void)
{
	exit(0);
}

const struct rnf_plugin *rnf_plugin_entry(void)
{
	return &plugin;
}
