/* A name with a control character. */
#define NAME "no_word"
#include "bad.h"

const struct rnf_plugin *rnf_plugin_entry(void)
{
	feature.name = "\x1b[2J";
	return &plugin;
}
