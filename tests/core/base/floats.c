#include "base/floats.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "lib/plugin.h"

enum { N = 37 };

START_TEST(spreads_and_counts)
{
	static const float odd[] = { 0, -0.0f, FLT_MAX, -FLT_MAX, FLT_MIN, FLT_TRUE_MIN };
	float x[N];
	struct rnf_spread s = rnf_spread_empty;
	for (int i = 0; i < N; i++)
		x[i] = odd[i % 6];
	ck_assert_int_eq(rnf_count_bad(x, N), 0);
	x[0] = x[36] = NAN;
	x[7] = INFINITY;
	x[8] = -INFINITY;
	x[9] = copysignf(NAN, -1);
	ck_assert_int_eq(rnf_count_bad(x, N), 5);
	ck_assert_int_eq(rnf_count_bad(x + 1, 6), 0);
	rnf_spread_add(&s, x, 20);
	rnf_spread_add(&s, x + 20, N - 20);
	ck_assert_int_eq(s.count, N);
	ck_assert_int_eq(s.nan, 3);
	ck_assert_int_eq(s.infinite, 2);
	ck_assert_double_eq(s.max, (double)FLT_MAX);
	ck_assert_double_eq(s.min, (double)-FLT_MAX);
}
END_TEST

/* Half of the smallest normal number, and 1 with three quarters of its last bit. */
static void compute(volatile float *half, volatile float *tie)
{
	volatile float smallest = FLT_MIN, one = 1, bit = FLT_EPSILON;
	*half = smallest * 0.5f;
	*tie = one + bit * 0.75f;
}

START_TEST(modes_do_what_they_say)
{
	volatile float half, tie;
	uint32_t bits;
	rnf_float_mode_put(rnf_float_mode_policy());
	ck_assert_uint_eq(rnf_float_mode(), rnf_float_mode_policy());
	compute(&half, &tie);
	memcpy(&bits, (const void *)(uintptr_t)&half, sizeof bits);
	ck_assert_uint_eq(bits == 0, rnf_float_mode_policy() != rnf_float_mode_plain());
	ck_assert_str_eq(rnf_float_denormals(), bits == 0 ? "flushed" : "kept");
	ck_assert_float_eq(tie, 1 + FLT_EPSILON); /* to nearest */
	rnf_float_mode_put(rnf_float_mode_plain());
	ck_assert_uint_eq(rnf_float_mode(), rnf_float_mode_plain());
	compute(&half, &tie);
	memcpy(&bits, (const void *)(uintptr_t)&half, sizeof bits);
	ck_assert_uint_eq(bits, 0x00400000);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { spreads_and_counts, modes_do_what_they_say, NULL };
	return test_run("base/floats", tests);
}
