/* Statistics against scipy and statsmodels (tests/golden, study.py), and in cases where
 * no library has them. */
#include "study/stats.h"

#include <jansson.h>
#include <math.h>

#include "lib/plugin.h"

static json_t *figures(const char *key)
{
	json_t *all = json_load_file("tests/golden/study.json", 0, NULL);
	ck_assert_ptr_nonnull(all);
	json_t *rows = json_incref(json_object_get(json_object_get(all, "figures"), key));
	json_decref(all);
	ck_assert_uint_gt(json_array_size(rows), 5);
	return rows;
}

static double at(const json_t *row, size_t i)
{
	return json_number_value(json_array_get(row, i));
}

START_TEST(incomplete_beta)
{
	json_t *rows = figures("beta"), *row;
	size_t i;
	json_array_foreach(rows, i, row)
		ck_assert_double_eq_tol(rnf_incomplete_beta(at(row, 0), at(row, 1), at(row, 2)),
					at(row, 3), 1e-11);
	json_decref(rows);
	ck_assert_double_eq(rnf_incomplete_beta(2, 3, 0), 0);
	ck_assert_double_eq(rnf_incomplete_beta(2, 3, 1), 1);
}
END_TEST

START_TEST(mcnemar_is_the_binomial_test)
{
	json_t *rows = figures("mcnemar"), *row;
	size_t i;
	json_array_foreach(rows, i, row) {
		const int64_t b = (int64_t)at(row, 0), c = (int64_t)at(row, 1);
		ck_assert_double_eq_tol(rnf_mcnemar(b, c), at(row, 2), 1e-10);
		ck_assert_double_eq(rnf_mcnemar(b, c), rnf_mcnemar(c, b));
	}
	json_decref(rows);
}
END_TEST

START_TEST(few_values)
{
	const double x[] = { 0.1, 0.1, 0.1 }, y[] = { 0.2, 0.2 }, z[] = { 0.1, 0.3 };
	ck_assert(isnan(rnf_mean(x, 0)));
	ck_assert(isnan(rnf_deviation(x, 1)));
	ck_assert_double_eq(rnf_mean(x, 3), 0.1); /* of equal values: exactly */
	ck_assert_double_eq(rnf_deviation(x, 3), 0);
	ck_assert_double_eq_tol(rnf_deviation(z, 2), sqrt(0.02), 1e-15); /* n - 1 */
	ck_assert(isnan(rnf_welch(x, 3, y, 2))); /* no scatter, other means */
	ck_assert_double_eq(rnf_welch(x, 3, x, 2), 1);
	ck_assert(isnan(rnf_welch(x, 1, z, 2)));
	ck_assert(rnf_welch(x, 3, z, 2) > 0 && rnf_welch(x, 3, z, 2) < 1);
}
END_TEST

/* -- the bootstrap, beside all resamples that there are -- */

static double mean_of(const double *x, size_t n, size_t which)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++, which /= n)
		sum += x[which % n];
	return sum / (double)n;
}

/* The share of all pairs of resamples whose difference is below `value`, or also at it. */
static double share(const double *x, size_t n, const double *y, size_t m, double value, int too)
{
	const size_t xs = (size_t)pow((double)n, (double)n), ys = (size_t)pow((double)m, (double)m);
	size_t below = 0;
	for (size_t i = 0; i < xs; i++)
		for (size_t k = 0; k < ys; k++) {
			const double d = mean_of(x, n, i) - mean_of(y, m, k) - value;
			below += too ? d <= 1e-12 : d < -1e-12;
		}
	return (double)below / (double)(xs * ys);
}

START_TEST(bootstrap_is_that_of_all_resamples)
{
	const double x[] = { 7.1, 6.8, 7.4, 7.0 }, y[] = { 7.9, 7.2, 7.5 };
	const double slack = 4 * sqrt(0.025 * 0.975 / 10000);
	const struct rnf_interval i = rnf_bootstrap(x, 4, y, 3), again = rnf_bootstrap(x, 4, y, 3);
	ck_assert(i.low == again.low && i.high == again.high);
	ck_assert_double_le(share(x, 4, y, 3, i.low, 0), 0.025 + slack);
	ck_assert_double_ge(share(x, 4, y, 3, i.low, 1), 0.025 - slack);
	ck_assert_double_le(share(x, 4, y, 3, i.high, 0), 0.975 + slack);
	ck_assert_double_ge(share(x, 4, y, 3, i.high, 1), 0.975 - slack);
	ck_assert_double_lt(i.low, i.high);
}
END_TEST

START_TEST(intervals_of_pairs)
{
	const struct rnf_interval none = rnf_paired(0, 0, 100), all = rnf_paired(1, 0, 1);
	ck_assert_double_eq(none.low, -none.high);
	ck_assert(none.high > 0 && none.high < 0.05);
	ck_assert_double_le(all.high, 1);
}
END_TEST

START_TEST(holm)
{
	const double p[] = { 0.01, NAN, 0.04, 0.03, 0.9, 0.03 };
	double q[6];
	rnf_holm(p, q, 6);
	ck_assert_double_eq_tol(q[0], 0.05, 1e-15);
	ck_assert(isnan(q[1]));
	ck_assert_double_eq_tol(q[3], 0.12, 1e-15);
	ck_assert_double_eq_tol(q[5], 0.12, 1e-15);
	ck_assert_double_eq_tol(q[2], 0.12, 1e-15); /* not less than one before: 2 x 0.04 */
	ck_assert_double_eq_tol(q[4], 0.9, 1e-15);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		incomplete_beta, mcnemar_is_the_binomial_test, few_values,
		bootstrap_is_that_of_all_resamples, intervals_of_pairs, holm, NULL,
	};
	return test_run("study/stats", tests);
}
