/* The header of numpy's files of arrays. */
#ifndef RNF_BASE_NPY_H
#define RNF_BASE_NPY_H

#include <stdint.h>

enum { RNF_NPY_HEADER = 128 };
/* Fill the header of a file with an array [rows][columns] of floats, which follow it:
 * little-endian, row by row. */
void rnf_npy_header(char header[RNF_NPY_HEADER], int64_t rows, int64_t columns);

#endif
