/* Files in memory, as long as the program lives. */
#ifndef RNF_DATA_MAP_H
#define RNF_DATA_MAP_H

#include <rnframe/data.h>

/* The file's bytes into *blob, mapped, so that pages are read when they are used.
 * Should the file be cut later, or its disk fail, whoever touches what is gone ends
 * the program by one line with the file's name and status 3. [main] */
rnf_status rnf_map_file(const char *path, struct rnf_blob *blob);

#endif
