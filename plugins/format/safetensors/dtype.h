/* The types of number that a tensor of a file may have, and what they are as floats. */
#ifndef SAFETENSORS_DTYPE_H
#define SAFETENSORS_DTYPE_H

#include <stddef.h>
#include <stdint.h>

struct dtype {
	const char *name; /* in the header */
	size_t bytes;
	/* The float that is exactly that number; NULL: as it is. */
	float (*widen)(uint16_t);
};

/* By its name; NULL: cannot be read. */
const struct dtype *dtype_find(const char *name);
/* Their names, for words. */
#define DTYPES "F32, F16 and BF16"

/* Turn the n numbers that lie in the last bytes of data[n] into floats. */
void dtype_widen(const struct dtype *dtype, float *data, size_t n);
/* Where these bytes begin. */
void *dtype_place(const struct dtype *dtype, float *data, size_t n);

#endif
