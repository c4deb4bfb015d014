/* The initializers: moments, bounds, and the same stream giving the same
 * values. */
#include "lib/plugin.h"

#include <math.h>
#include <stdlib.h>

enum { N = 200000 };

static float w[N], again[N];

static void fill(const char *name, const void *conf, uint64_t key,
		 int64_t fan_in, int64_t fan_out, float *to)
{
	const struct rnf_initializer_impl *impl = test_feature("initializer", name)->impl;
	struct rnf_random random = { .key = key };
	impl->fill(conf, &random, fan_in, fan_out, N, to);
}

/* Mean 0 to five standard errors, the variance to 2 %, all within the bound, and
 * something near it. */
static void check_moments(double variance, double bound)
{
	double sum = 0, squares = 0, largest = 0;
	for (int i = 0; i < N; i++) {
		sum += w[i];
		squares += (double)w[i] * w[i];
		largest = fmax(largest, fabs(w[i]));
	}
	ck_assert_double_eq_tol(sum / N, 0, 5 * sqrt(variance / N));
	ck_assert_double_eq_tol(squares / N / variance, 1, 0.02);
	ck_assert_double_le(largest, bound * (1 + 1e-6));
	ck_assert_double_ge(largest, bound * 0.99);
}

START_TEST(he_normal_has_its_moments)
{
	fill("he_normal", NULL, 7, 144, 16, w);
	check_moments(2.0 / 144, 2 * sqrt(2.0 / 144) / .87962566103423978);
}
END_TEST

/* A normal: 68.27 % of it within one deviation, of the 95.45 % that are kept. */
START_TEST(he_normal_is_normal)
{
	const double deviation = sqrt(2.0 / 27) / .87962566103423978;
	int within = 0;
	fill("he_normal", NULL, 8, 27, 16, w);
	for (int i = 0; i < N; i++)
		within += fabs(w[i]) < deviation;
	ck_assert_double_eq_tol((double)within / N, 0.682689 / 0.954500, 0.005);
}
END_TEST

START_TEST(glorot_uniform_has_its_moments)
{
	fill("glorot_uniform", NULL, 7, 64, 10, w);
	check_moments(2.0 / 74, sqrt(6.0 / 74));
}
END_TEST

START_TEST(constant_is_constant)
{
	const struct { double value; } conf = { -0.25 };
	ck_assert_double_eq(test_feature("initializer", "constant")->params->rows[0].number, 0);
	fill("constant", &conf, 1, 3, 4, w);
	for (int i = 0; i < N; i++)
		ck_assert_float_eq(w[i], -0.25f);
}
END_TEST

START_TEST(same_stream_same_values)
{
	static const char *const names[] = { "he_normal", "glorot_uniform" };
	for (int i = 0; i < 2; i++) {
		fill(names[i], NULL, 42, 9, 9, w);
		fill(names[i], NULL, 42, 9, 9, again);
		ck_assert_mem_eq(w, again, sizeof w);
		fill(names[i], NULL, 43, 9, 9, again);
		ck_assert_mem_ne(w, again, sizeof w);
	}
}
END_TEST

START_TEST(no_fans_are_no_infinity)
{
	fill("he_normal", NULL, 1, 0, 0, w);
	fill("glorot_uniform", NULL, 1, 0, 0, again);
	ck_assert_float_finite(w[0]);
	ck_assert_float_finite(again[0]);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		he_normal_has_its_moments,
		he_normal_is_normal,
		glorot_uniform_has_its_moments,
		constant_is_constant,
		same_stream_same_values,
		no_fans_are_no_infinity,
		NULL,
	};
	return test_run("initializer", tests);
}
