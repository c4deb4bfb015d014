/* Maps files into memory until the program ends. */
#ifndef RNF_DATA_MAP_H
#define RNF_DATA_MAP_H

#include <rnframe/data.h>

/* Map the file's bytes into *blob; pages are read when they are used. If the file is truncated
 * later, or its disk fails, an access to a lost page ends the program with one line that
 * names the file, and status 3. [main] */
rnf_status rnf_map_file(const char *path, struct rnf_blob *blob);

/* Map `bytes` bytes of zeros that may be written, in a new file without a name in `folder`,
 * which is made if it is missing; the system keeps as much of it in memory as there is room
 * for. The file ends with the program. RNF_EIO: the disk has no room. [main] */
rnf_status rnf_map_scratch(const char *folder, size_t bytes, uint8_t **data);

/* Release the memory of all pages read so far; the next access reads them from the file
 * again. So data that is checked once does not stay resident. [main] */
void rnf_map_let_go(void);

#endif
