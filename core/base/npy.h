/* Arrays as numpy's files hold them. */
#ifndef RNF_BASE_NPY_H
#define RNF_BASE_NPY_H

#include <stdint.h>

enum { RNF_NPY_HEADER = 128 };
/* What stands before the floats (little-endian, row by row) of an array of this shape. */
void rnf_npy_header(char header[RNF_NPY_HEADER], int64_t rows, int64_t columns);

#endif
