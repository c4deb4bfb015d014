/* What decoded images were made from, as one name: if any of it changes, the name does. */
#ifndef RNF_DATA_SOURCES_H
#define RNF_DATA_SOURCES_H

#include "data/frames.h"

/* Of one file: its inode, size and times; 0: there is none. [worker] */
uint64_t rnf_source_file(const char *path);
/* Of these files in this order, of the frames that are applied, and of the program and the
 * plugins that decode and frame: 32 hex digits. Kept. [main] */
const char *rnf_sources_name(const uint64_t *files, int64_t n, const struct rnf_frames *frames);

#endif
