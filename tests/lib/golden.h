/* For tests: tensors of the safetensors files in tests/golden. */
#ifndef TEST_GOLDEN_H
#define TEST_GOLDEN_H

#include <stdint.h>

/* Tensor `name` of tests/golden/FILE, row-major; I32 comes as the same numbers
 * in float. Fills shape and rank unless they are NULL. The memory stays until
 * the test ends. Call it inside a test: it aborts the test when the file or the
 * tensor is missing or broken. */
const float *golden_tensor(const char *file, const char *name, int64_t shape[8],
			   int *rank);
/* Tensor KEY of the single primitive NAME, from ops.safetensors. */
const float *golden_op(const char *name, const char *key, int64_t shape[8]);
/* Aborts the test unless the n floats are those from `at` on of that tensor. */
void golden_check(const char *name, const char *key, const float *got, int64_t at,
		  int64_t n, double tolerance);

#endif
