/* For tests: numbers to compute with. */
#ifndef TEST_NOISE_H
#define TEST_NOISE_H

#include <stdint.h>

/* n floats, uniform in -0.5 .. 0.5, the same for the same key; to be freed. */
float *test_noise(int64_t n, uint64_t key);

#endif
