/* An array of numpy in a file: its header, and its numbers one by one. */
#ifndef NPY_ARRAY_H
#define NPY_ARRAY_H

#include <rnframe/data.h>

enum { ARRAY_RANK = 4 };

struct array {
	const char *name;
	char type;     /* 'u', 'i', 'f' */
	int width;     /* bytes of a number */
	int rank;
	int64_t shape[ARRAY_RANK], n; /* n: numbers in all */
	const uint8_t *data;
};

/* Read the header; the file must have just as many bytes as it says. */
rnf_status array_open(const struct rnf_host *host, const struct rnf_blob *blob,
		      struct array *array);
/* Number i of n; NaN stays NaN. Integers of 64 bits are rounded to a double. */
double array_at(const struct array *array, int64_t i);

#endif
