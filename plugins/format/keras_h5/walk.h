/* Reads a file of Keras by HDF5, in a process of its own. */
#ifndef KERAS_H5_WALK_H
#define KERAS_H5_WALK_H

#include <stddef.h>

struct image { /* the bytes of a file */
	const void *bytes;
	size_t size;
};

/* Have the library ready: what it does for that needs more rights than a jail has. */
void walk_prepare(void);
/* All weights of the struct image, as messages, to the pipe `out`. */
void walk(const void *image, int out);

#endif
