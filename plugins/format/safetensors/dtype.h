/* The number types that a tensor of a file may have, and their conversion to float. */
#ifndef SAFETENSORS_DTYPE_H
#define SAFETENSORS_DTYPE_H

#include <stddef.h>
#include <stdint.h>

struct dtype {
	const char *name; /* in the header */
	size_t bytes;
	/* The float with exactly that value; NULL: it is a float already. */
	float (*widen)(uint16_t);
};

/* By its name; NULL: not supported. */
const struct dtype *dtype_find(const char *name);
/* Their names, for messages. */
#define DTYPES "F32, F16 and BF16"

/* Convert the n numbers that lie in the last bytes of data[n] to floats. */
void dtype_widen(const struct dtype *dtype, float *data, size_t n);
/* Where these bytes begin. */
void *dtype_place(const struct dtype *dtype, float *data, size_t n);

#endif
