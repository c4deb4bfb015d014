/* Reads the HDF5 file of a Keras model, in a process of its own. */
#ifndef KERAS_H5_WALK_H
#define KERAS_H5_WALK_H

#include <stddef.h>

struct image { /* the bytes of a file */
	const void *bytes;
	size_t size;
};

/* Initialise the libraries, which needs more rights than a jail gives. */
void walk_prepare(void);
/* Send all weights of the struct image, an HDF5 file or a .keras with one inside, as
 * messages to the pipe `out`. */
void walk(const void *image, int out);

#endif
