/* For tests: golden images of tests/golden/images. */
#ifndef TEST_PPM_H
#define TEST_PPM_H

#include <stdint.h>

struct test_ppm {
	int h, w;
	uint8_t *rgb; /* kept */
};

/* tests/golden/images/NAME.ppm; aborts the test when it cannot be read. */
struct test_ppm test_ppm(const char *name);

#endif
