/* Finds and loads plugins by kind and name along a search path; the only user of dlopen. */
#ifndef RNF_PLUGIN_LOADER_H
#define RNF_PLUGIN_LOADER_H

#include <rnframe/plugin.h>

/* Append a folder of KIND/NAME.so files to the search path. */
void rnf_loader_path(const char *dir);
/* The file that this code was loaded from, the program or a library; NULL: not known. Kept. */
const char *rnf_loader_self(void);

/* Find a feature, loading it once; `kinds` may be several, as "layer|block", tried in that order.
 * A failure names the nearest name and the search path. */
rnf_status rnf_loader_find(const char *kinds, const char *name,
			   const struct rnf_feature **feature);

/* Load a plugin, or all of a kind (name NULL), in a child first: a plugin that ends the
 * program when it is loaded is refused from then on, with the reason. */
void rnf_loader_try(const char *kind, const char *name);

/* Load all features of a kind that the path holds, sorted by name. Broken files are
 * reported through `refused` (file, reason) and skipped. */
size_t rnf_loader_list(const char *kind, const struct rnf_feature ***features,
		       void (*refused)(const char *file, const char *reason));
/* The same for callers that need every feature: RNF_EIO or RNF_ENOMEM when a folder or
 * file could not be read for lack of descriptors or memory, or because the disk failed.
 * Broken files are skipped. */
rnf_status rnf_loader_all(const char *kind, const struct rnf_feature ***features, size_t *n);
/* Fail when no folder of the path holds a plugin. */
rnf_status rnf_loader_any(void);
/* Kinds that have a folder on the path, sorted. */
size_t rnf_loader_kinds(const char ***kinds);
/* All features loaded so far. */
size_t rnf_loader_loaded(const struct rnf_feature ***features);
/* The file that a feature came from, and its plugin. */
const char *rnf_loader_file(const struct rnf_feature *feature);
const struct rnf_plugin *rnf_loader_plugin(const struct rnf_feature *feature);

#endif
