/* Maps files into memory until the program ends. */
#ifndef RNF_DATA_MAP_H
#define RNF_DATA_MAP_H

#include <rnframe/data.h>

/* Map the file's bytes into *blob; pages are read when they are used. If the file is truncated
 * later, or its disk fails, an access to a lost page ends the program with one line that
 * names the file, and status 3. [main] */
rnf_status rnf_map_file(const char *path, struct rnf_blob *blob);

/* The same for a file that is open; `path` is for messages. [main] */
rnf_status rnf_map_open(const char *path, int fd, struct rnf_blob *blob);
/* Give an empty file `bytes` bytes of zeros, and map them to be written; the system keeps as
 * much of them in memory as there is room for. RNF_EIO: the disk has no room. [main] */
rnf_status rnf_map_new(const char *path, int fd, size_t bytes, uint8_t **data);

/* Release the memory of all pages read so far; the next access reads them from the file
 * again. So data that is checked once does not stay resident. [main] */
void rnf_map_let_go(void);

#endif
