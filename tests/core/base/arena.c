/* Arrays that grow in turns, with other allocations between. */
#include "base/arena.h"

#include <stdint.h>
#include <string.h>

#include "lib/plugin.h"

enum { ARRAYS = 5, ITEMS = 1000 };
static const size_t sizes[ARRAYS] = { 1, 4, 24, 64, 1000 };

START_TEST(arrays_keep_what_is_in_them)
{
	void *arrays[ARRAYS] = { NULL };
	size_t n[ARRAYS] = { 0 };
	for (int i = 0; i < ITEMS; i++)
		for (int a = 0; a < ARRAYS; a++) {
			memset(rnf_push(&arrays[a], &n[a], sizes[a]), (i + a) % 251, sizes[a]);
			if (i % 7 == a) memset(rnf_alloc(sizes[a]), 0xff, sizes[a]);
		}
	for (int a = 0; a < ARRAYS; a++) {
		const uint8_t *at = arrays[a];
		ck_assert_uint_eq(n[a], ITEMS);
		for (size_t k = 0; k < ITEMS * sizes[a]; k++)
			ck_assert_uint_eq(at[k], (k / sizes[a] + (size_t)a) % 251);
	}
	rnf_arena_finish();
}
END_TEST

START_TEST(memory_is_zero_and_aligned)
{
	for (size_t bytes = 1; bytes < 100000; bytes = 3 * bytes + 1) {
		const uint8_t *at = rnf_alloc(bytes);
		ck_assert_uint_eq((uintptr_t)at % 64, 0);
		for (size_t i = 0; i < bytes; i++)
			ck_assert_uint_eq(at[i], 0);
		memset((void *)at, 0xff, bytes);
	}
	rnf_arena_finish();
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		arrays_keep_what_is_in_them, memory_is_zero_and_aligned, NULL,
	};
	return test_run("base/arena", tests);
}
