/* A name for all that decoded images are made from: if any of it changes, the name changes. */
#ifndef RNF_DATA_SOURCES_H
#define RNF_DATA_SOURCES_H

#include "data/frames.h"

/* A digest of the inode, size and times of a file; 0: it does not exist. [worker] */
uint64_t rnf_source_file(const char *path);
/* The name, 32 hex digits, from the digests files[n], the frames that are applied, and the files
 * of the program and of the plugins that decode and frame. Kept. [main] */
const char *rnf_sources_name(const uint64_t *files, int64_t n, const struct rnf_frames *frames);

#endif
