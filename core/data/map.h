/* Files in memory, as long as the program lives. */
#ifndef RNF_DATA_MAP_H
#define RNF_DATA_MAP_H

#include <rnframe/data.h>

/* The file's bytes into *blob, mapped, so that pages are read when they are used.
 * Should the file be cut later, or its disk fail, whoever touches what is gone ends
 * the program by one line with the file's name and status 3. [main] */
rnf_status rnf_map_file(const char *path, struct rnf_blob *blob);

/* Gives back the memory of all pages read so far; who reads one again gets it from the
 * file again. So what was looked at once does not stay. [main] */
void rnf_map_let_go(void);

#endif
