/* The descriptor of a plugin, as its entry gives it, against this program. */
#ifndef RNF_PLUGIN_DESCRIPTOR_H
#define RNF_PLUGIN_DESCRIPTOR_H

#include <rnframe/plugin.h>

/* The word that kinds and names are. */
int rnf_descriptor_is_name(const char *name);
/* Versions, sizes, names and tables, so that whoever reads the descriptor later
 * meets no NULL and writes to no place outside of a plugin's struct. `file` is for
 * messages. [main] */
rnf_status rnf_descriptor_check(const struct rnf_plugin *plugin, const char *file);

#endif
