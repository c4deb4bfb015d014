/* Checks a plugin's descriptor against this program. */
#ifndef RNF_PLUGIN_DESCRIPTOR_H
#define RNF_PLUGIN_DESCRIPTOR_H

#include <rnframe/plugin.h>

/* A kind's or a plugin's name: one word. */
int rnf_descriptor_is_name(const char *name);
/* Check versions, sizes, names and tables, so that later readers of the descriptor meet
 * no NULL and write nowhere outside of a plugin's struct. `file` is for messages. [main] */
rnf_status rnf_descriptor_check(const struct rnf_plugin *plugin, const char *file);

#endif
