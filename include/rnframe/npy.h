/* The header of numpy's files of arrays, for writers. */
#ifndef RNFRAME_NPY_H
#define RNFRAME_NPY_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { RNF_NPY_HEADER = 128 };

/* Fill the header of a file with an array of floats, which follow it: little-endian, row-major.
 * `shape` has `rank` sides, at most 8, of fewer than 2^63 elements. Any thread.
 * Source: numpy's NPY format, version 1.0: magic, length, a Python dictionary, padded so that
 * the data begin at a multiple of 64 bytes. */
static inline void rnf_npy_header(char header[RNF_NPY_HEADER], int32_t rank, const int64_t *shape)
{
	enum { LENGTH = RNF_NPY_HEADER - 10 };
	char words[LENGTH];
	int n = snprintf(words, LENGTH, "{'descr': '<f4', 'fortran_order': False, 'shape': (");
	for (int32_t i = 0; i < rank; i++)
		n += snprintf(words + n, (size_t)(LENGTH - n), "%s%lld%s", i ? " " : "",
			      (long long)shape[i], i + 1 < rank || rank == 1 ? "," : "");
	n += snprintf(words + n, (size_t)(LENGTH - n), "), }");
	memset(header, ' ', RNF_NPY_HEADER);
	memcpy(header, "\x93NUMPY\x01\x00", 8);
	header[8] = LENGTH;
	header[9] = 0;
	memcpy(header + 10, words, (size_t)n);
	header[RNF_NPY_HEADER - 1] = '\n';
}

#endif
