/* Source: numpy's NPY format, version 1.0: magic, length, a Python dictionary, padded so that
 * the data begin at a multiple of 64 bytes. */
#include "base/npy.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void rnf_npy_header(char header[RNF_NPY_HEADER], int64_t rows, int64_t columns)
{
	enum { LENGTH = RNF_NPY_HEADER - 10 };
	char words[LENGTH];
	const int n = snprintf(words, sizeof words, "{'descr': '<f4', 'fortran_order': False, "
			       "'shape': (%" PRId64 ", %" PRId64 "), }", rows, columns);
	memset(header, ' ', RNF_NPY_HEADER);
	memcpy(header, "\x93NUMPY\x01\x00", 8);
	header[8] = LENGTH;
	header[9] = 0;
	memcpy(header + 10, words, (size_t)n);
	header[RNF_NPY_HEADER - 1] = '\n';
}
