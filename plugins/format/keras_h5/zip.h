/* Unpacks the wanted members of a .keras file into memory. */
#ifndef KERAS_H5_ZIP_H
#define KERAS_H5_ZIP_H

#include "walk.h"

struct member {
	const char *name;
	size_t most;        /* most bytes that it may have */
	struct image found; /* bytes NULL: it is missing */
};

int zip_probe(const void *bytes, size_t n);
/* Return NULL, or what is wrong with the file. The memory is never freed: the process
 * ends with the file. */
const char *zip_read(const struct image *zip, struct member *members, size_t n);

#endif
