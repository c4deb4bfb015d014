/* crossentropy: known values, golden ones of PyTorch, central differences, and
 * logits that would overflow an exp. */
#include "lib/plugin.h"

#include <math.h>
#include <string.h>

#include "lib/golden.h"

struct conf {
	double label_smoothing;
};

static const struct rnf_loss_impl *subject(void)
{
	return test_feature("loss", "crossentropy")->impl;
}

static const float logits[5] = { 0.5f, -1.25f, 2.0f, 0.125f, -3.0f };
static const float hard[5] = { 0, 0, 1, 0, 0 };
static const float mixed[5] = { 0.25f, 0, 0.5f, 0.25f, 0 };

START_TEST(knows_equal_logits)
{
	const float zero[4] = { 0 }, one[4] = { 1 };
	const struct conf none = { 0 }, some = { 0.1 };
	ck_assert_double_eq_tol(subject()->loss(&none, 4, zero, one), log(4), 1e-12);
	ck_assert_double_eq_tol(subject()->loss(&some, 4, zero, one), log(4), 1e-12);
}
END_TEST

/* Of any size: a large common part costs no digits of the differences. */
START_TEST(knows_equal_logits_of_any_size)
{
	static const float sizes[] = { 1e8f, -1e8f, 1e16f, -1e16f, 1e30f, -3e38f };
	const float one[4] = { 1 };
	const struct conf none = { 0 }, some = { 0.1 };
	for (int i = 0; i < TEST_ROWS(sizes); i++) {
		const float z[4] = { sizes[i], sizes[i], sizes[i], sizes[i] };
		float p[4], dlogits[4];
		ck_assert_double_eq_tol(subject()->loss(&none, 4, z, one), log(4), 1e-12);
		ck_assert_double_eq_tol(subject()->loss(&some, 4, z, one), log(4), 1e-12);
		ck_assert_double_eq_tol(subject()->plain(&some, 4, z, one), log(4), 1e-12);
		subject()->predict(&none, 4, z, p);
		subject()->gradient(&none, 4, z, one, 1, dlogits);
		for (int k = 0; k < 4; k++) {
			ck_assert_double_eq_tol(p[k], 0.25, 1e-7);
			ck_assert_double_eq_tol(dlogits[k], 0.25 - one[k], 1e-7);
		}
	}
}
END_TEST

/* Two classes, logits log 3 and 0: p = 3/4 and 1/4; s = 0.2: targets .9, .1. */
START_TEST(smooths_labels)
{
	const float z[2] = { 1.0986123f, 0 }, t[2] = { 1, 0 };
	const struct conf conf = { 0.2 };
	const double want = -0.9 * log(0.75) - 0.1 * log(0.25);
	ck_assert_double_eq_tol(subject()->loss(&conf, 2, z, t), want, 1e-6);
	ck_assert_double_eq_tol(subject()->plain(&conf, 2, z, t), -log(0.75), 1e-6);
}
END_TEST

/* Eight images, one of them saturated and one flat; a loss of 100 has the
 * precision of a float. */
START_TEST(is_golden)
{
	int64_t shape[8];
	const float *z = golden_op("cross_entropy", "logits", shape);
	const float *label = golden_op("cross_entropy", "labels", NULL);
	const float *want = golden_op("cross_entropy", "loss", NULL);
	const int64_t images = shape[0], k = shape[1];
	const struct conf conf = { 0.1 };
	ck_assert(images == 8 && k == 10);
	for (int64_t i = 0; i < images; i++, z += k) {
		float t[10] = { 0 }, dlogits[10];
		t[(int)label[i]] = 1;
		ck_assert_double_eq_tol(subject()->loss(&conf, 10, z, t), want[i],
					1e-7 * (1 + want[i]));
		subject()->gradient(&conf, 10, z, t, 1.0f / (float)images, dlogits);
		golden_check("cross_entropy", "dlogits", dlogits, i * k, k, 1e-8);
	}
}
END_TEST

static void check_gradient(double smoothing, const float *target)
{
	const struct rnf_loss_impl *impl = subject();
	const struct conf conf = { smoothing };
	const float factor = 0.125f, h = 0x1p-8f;
	float dlogits[5];
	impl->gradient(&conf, 5, logits, target, factor, dlogits);
	for (int i = 0; i < 5; i++) {
		float up[5], down[5];
		memcpy(up, logits, sizeof up);
		memcpy(down, logits, sizeof down);
		up[i] += h, down[i] -= h; /* exact in a float */
		const double slope = (impl->loss(&conf, 5, up, target) -
			impl->loss(&conf, 5, down, target)) / (2.0 * h);
		ck_assert_double_eq_tol(dlogits[i], factor * slope, 1e-6);
	}
}

START_TEST(has_the_gradient_of_its_loss)
{
	check_gradient(0, hard);
	check_gradient(0, mixed);
	check_gradient(0.1, hard);
	check_gradient(0.1, mixed);
	check_gradient(1, hard);
}
END_TEST

START_TEST(gradient_may_overwrite_the_logits)
{
	const struct conf conf = { 0.1 };
	float apart[5], z[5];
	memcpy(z, logits, sizeof z);
	subject()->gradient(&conf, 5, z, hard, 1, apart);
	subject()->gradient(&conf, 5, z, hard, 1, z);
	ck_assert_mem_eq(z, apart, sizeof z);
}
END_TEST

START_TEST(predicts_the_softmax)
{
	const struct conf conf = { 0.1 };
	float p[5], sum = 0;
	double total = 0;
	memcpy(p, logits, sizeof p);
	subject()->predict(&conf, 5, p, p);
	for (int i = 0; i < 5; i++)
		total += exp(logits[i]), sum += p[i];
	ck_assert_float_eq_tol(sum, 1, 1e-6f);
	for (int i = 0; i < 5; i++)
		ck_assert_double_eq_tol(p[i], exp(logits[i]) / total, 1e-7);
}
END_TEST

START_TEST(stands_huge_logits)
{
	const float z[3] = { 1e5f, -1e5f, 0 }, t[3] = { 0, 0, 1 };
	const struct conf conf = { 0 };
	float p[3], d[3];
	ck_assert_double_eq_tol(subject()->loss(&conf, 3, z, t), 1e5, 1e-6);
	subject()->predict(&conf, 3, z, p);
	ck_assert_float_eq(p[0], 1);
	ck_assert_float_eq(p[1], 0);
	subject()->gradient(&conf, 3, z, t, 1, d);
	ck_assert_float_eq(d[0], 1);
	ck_assert_float_eq(d[2], -1);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		knows_equal_logits,
		knows_equal_logits_of_any_size,
		smooths_labels,
		is_golden,
		has_the_gradient_of_its_loss,
		gradient_may_overwrite_the_logits,
		predicts_the_softmax,
		stands_huge_logits,
		NULL,
	};
	return test_run("crossentropy", tests);
}
