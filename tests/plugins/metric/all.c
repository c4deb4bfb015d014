/* accuracy and top_k on hand-made logits, with ties and NaN. */
#include "lib/plugin.h"

#include <math.h>

static double accuracy(size_t k, const float *logits, const float *target)
{
	const struct rnf_metric_impl *impl = test_feature("metric", "accuracy")->impl;
	return impl->score(NULL, k, logits, target);
}

static double top(int64_t limit, size_t k, const float *logits, const float *target)
{
	const struct { int64_t k; } conf = { limit };
	const struct rnf_metric_impl *impl = test_feature("metric", "top_k")->impl;
	return impl->score(&conf, k, logits, target);
}

START_TEST(accuracy_takes_the_largest)
{
	const float z[3] = { -1, 3, 2 };
	ck_assert_double_eq(accuracy(3, z, (float[]){ 0.2f, 0.5f, 0.3f }), 1);
	ck_assert_double_eq(accuracy(3, z, (float[]){ 0, 0, 1 }), 0);
}
END_TEST

START_TEST(accuracy_takes_the_first_at_ties)
{
	const float z[3] = { 1, 3, 3 };
	ck_assert_double_eq(accuracy(3, z, (float[]){ 0, 1, 0 }), 1);
	ck_assert_double_eq(accuracy(3, z, (float[]){ 0, 0, 1 }), 0);
	ck_assert_double_eq(accuracy(3, z, (float[]){ 0, 0.5f, 0.5f }), 1);
}
END_TEST

START_TEST(top_k_counts_those_above)
{
	const float z[6] = { 5, 4, 3, 2, 1, 0 };
	const float third[6] = { 0, 0, 1, 0, 0, 0 };
	ck_assert_double_eq(top(2, 6, z, third), 0);
	ck_assert_double_eq(top(3, 6, z, third), 1);
	ck_assert_double_eq(top(5, 6, z, (float[6]){ 0, 0, 0, 0, 0, 1 }), 0);
	ck_assert_double_eq(top(9, 6, z, (float[6]){ 0, 0, 0, 0, 0, 1 }), 1);
}
END_TEST

START_TEST(top_1_is_accuracy)
{
	const float z[4] = { 2, 7, 7, 1 };
	for (int class = 0; class < 4; class++) {
		float t[4] = { 0 };
		t[class] = 1;
		ck_assert_double_eq(top(1, 4, z, t), accuracy(4, z, t));
	}
}
END_TEST

START_TEST(nan_is_never_right)
{
	const float z[3] = { NAN, NAN, NAN };
	for (int class = 0; class < 3; class++) {
		float t[3] = { 0 };
		t[class] = 1;
		ck_assert_double_eq(accuracy(3, z, t), 0);
		ck_assert_double_eq(top(2, 3, z, t), 0);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		accuracy_takes_the_largest,
		accuracy_takes_the_first_at_ties,
		top_k_counts_those_above,
		top_1_is_accuracy,
		nan_is_never_right,
		NULL,
	};
	return test_run("metric", tests);
}
