/* The files of a dataset, as published: in a folder, packed or not, or inside an
 * archive. */
#ifndef RNF_DATA_FIND_H
#define RNF_DATA_FIND_H

#include <rnframe/data.h>
#include <rnframe/plugin.h>

/* One blob each of the dataset's files, which stay until exit; NULL when it
 * needs none. Looked for in `path` when it is given, else in $RNFRAME_DATA/NAME
 * and $XDG_DATA_HOME/rnframe/NAME (~/.local/share/rnframe/NAME). Each may be
 * the folder with the files (NAME.gz counts as NAME), its parent, an archive,
 * or a folder with one. Fails with what is missing, where it was looked for and
 * how to get it. [main] */
rnf_status rnf_data_find(const struct rnf_feature *dataset, const char *path,
			 struct rnf_blob **blobs);

/* Where the files of a dataset of this name are put when they are fetched: the
 * first of the places above; NULL without a home. */
const char *rnf_data_home(const char *name);

#endif
