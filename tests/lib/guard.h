/* For tests: arrays of floats between guards, which detect a write past the end; the
 * guards are NaN, so that a value read there shows too. */
#ifndef TEST_GUARD_H
#define TEST_GUARD_H

#include <stddef.h>

enum { TEST_GUARD = 16 };

/* n floats, `shift` (below 16) floats off a 64-byte boundary; values from `from`
 * or, when that is NULL, as the guards. */
float *test_guarded(size_t n, size_t shift, const float *from);
/* Check the guards of an array of that n and shift. */
void test_guards(const float *at, size_t n, size_t shift, const char *where);
/* The same, then release it. */
void test_guarded_free(float *at, size_t n, size_t shift, const char *where);

#endif
