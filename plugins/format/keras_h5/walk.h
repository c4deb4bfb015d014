/* Reads the HDF5 file of a model of Keras, in a process of its own. */
#ifndef KERAS_H5_WALK_H
#define KERAS_H5_WALK_H

#include <stddef.h>

struct image { /* the bytes of a file */
	const void *bytes;
	size_t size;
};

/* Have the libraries ready: what they do for that needs more rights than a jail has. */
void walk_prepare(void);
/* All weights of the struct image, an HDF5 file or a .keras with one inside, as
 * messages, to the pipe `out`. */
void walk(const void *image, int out);

#endif
