#include "lib/guard.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/plugin.h"

/* This array's own quiet NaN: one that a kernel carries over from past the end of its
 * input is different. */
static uint32_t mark_of(const float *at)
{
	return 0x7fc00000u | (uint32_t)((uintptr_t)at * 0x9e3779b97f4a7c15u >> 42);
}

float *test_guarded(size_t n, size_t shift, const float *from)
{
	const size_t all = (n + 3 * TEST_GUARD + 15) / 16 * 16;
	float *start = aligned_alloc(64, all * sizeof *start);
	ck_assert_ptr_nonnull(start);
	float *at = start + TEST_GUARD + shift;
	const uint32_t mark = mark_of(at);
	for (size_t i = 0; i < all; i++)
		memcpy(start + i, &mark, sizeof mark);
	if (from) memcpy(at, from, n * sizeof *at);
	return at;
}

void test_guards(const float *at, size_t n, size_t shift, const char *where)
{
	const uint32_t mark = mark_of(at);
	for (size_t i = 1; i <= TEST_GUARD + shift; i++)
		if (memcmp(at - i, &mark, sizeof mark))
			ck_abort_msg("%s: writes %zu before the start", where, i);
	for (size_t i = 0; i < TEST_GUARD; i++)
		if (memcmp(at + n + i, &mark, sizeof mark))
			ck_abort_msg("%s: writes %zu past the end of %zu", where, i + 1, n);
}

void test_guarded_free(float *at, size_t n, size_t shift, const char *where)
{
	test_guards(at, n, shift, where);
	free(at - TEST_GUARD - shift);
}
