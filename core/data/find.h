/* Finds the files of a data set, as published: in a folder, packed or not, or inside an
 * archive. */
#ifndef RNF_DATA_FIND_H
#define RNF_DATA_FIND_H

#include <rnframe/data.h>
#include <rnframe/plugin.h>

/* Get one blob for each of the data set's files, valid until exit (without data for an
 * optional one that is missing); NULL when it needs none. Searches `path` if given, else
 * $RNFRAME_DATA/NAME and $XDG_DATA_HOME/rnframe/NAME (~/.local/share/rnframe/NAME). Each may
 * be the folder with the files (NAME.gz counts as NAME), its parent, an archive, or a folder
 * with one. A failure says what is missing, where it was searched and how to get it. [main] */
rnf_status rnf_data_find(const struct rnf_feature *dataset, const char *path,
			 struct rnf_blob **blobs);

/* Where fetched files of a data set of this name go: the first of the places above; NULL
 * without a home. */
const char *rnf_data_home(const char *name);

#endif
