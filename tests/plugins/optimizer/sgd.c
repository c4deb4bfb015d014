/* sgd against its formula in double, step by step, and against values worked
 * out by hand. */
#include "lib/plugin.h"

#include <math.h>

enum { N = 37 };

struct conf {
	double lr, momentum;
	int32_t nesterov;
};

static const struct rnf_optimizer_impl *subject(void)
{
	return test_feature("optimizer", "sgd")->impl;
}

START_TEST(has_one_slot)
{
	ck_assert_uint_eq(subject()->n_slots, 1);
	ck_assert_str_eq(subject()->slots[0], "momentum");
}
END_TEST

/* w = 1, g = 2, l2 = 0.25: 2 + 2 * 0.25 * 1 = 2.5; lr 0.5, momentum 0.5:
 * v = -1.25, w = -0.25; then g = 2 - 0.125 = 1.875:
 * v = -0.625 - 0.9375 = -1.5625, w = -1.8125. All exact in a float. */
START_TEST(takes_two_steps_known_by_hand)
{
	const struct conf conf = { 9, 0.5, 0 };
	const struct rnf_update u = { .size = sizeof u, .step = 1, .lr = 0.5, .l2 = 0.25 };
	float w = 1, v = 0;
	const float g = 2;
	float *const slots[] = { &v };
	subject()->update(&conf, &u, 1, &w, &g, slots);
	ck_assert_float_eq(v, -1.25f);
	ck_assert_float_eq(w, -0.25f);
	subject()->update(&conf, &u, 1, &w, &g, slots);
	ck_assert_float_eq(v, -1.5625f);
	ck_assert_float_eq(w, -1.8125f);
}
END_TEST

/* v = -lr g = -1, w = 1 + 0.5 * -1 - 1 = -0.5 */
START_TEST(looks_ahead)
{
	const struct conf conf = { 9, 0.5, 1 };
	const struct rnf_update u = { .size = sizeof u, .step = 1, .lr = 0.5 };
	float w = 1, v = 0;
	const float g = 2;
	float *const slots[] = { &v };
	subject()->update(&conf, &u, 1, &w, &g, slots);
	ck_assert_float_eq(v, -1);
	ck_assert_float_eq(w, -0.5f);
}
END_TEST

static void follow(int32_t nesterov)
{
	const struct conf conf = { 0.1, 0.9, nesterov };
	float w[N], v[N] = { 0 }, g[N];
	double w2[N], v2[N] = { 0 };
	float *const slots[] = { v };
	for (int i = 0; i < N; i++)
		w2[i] = w[i] = (float)cos(i);
	for (int step = 1; step <= 20; step++) {
		const struct rnf_update u = { .size = sizeof u, .step = step,
					      .lr = 0.2 / step, .l2 = 1e-2 };
		for (int i = 0; i < N; i++) {
			g[i] = (float)sin(i * step);
			const double move = u.lr * (g[i] + 2 * u.l2 * w2[i]);
			v2[i] = 0.9 * v2[i] - move;
			w2[i] += nesterov ? 0.9 * v2[i] - move : v2[i];
		}
		subject()->update(&conf, &u, N, w, g, slots);
	}
	for (int i = 0; i < N; i++) {
		ck_assert_double_eq_tol(w[i], w2[i], 2e-6);
		ck_assert_double_eq_tol(v[i], v2[i], 2e-6);
	}
}

START_TEST(follows_the_formula)
{
	follow(0);
	follow(1);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		has_one_slot,
		takes_two_steps_known_by_hand,
		looks_ahead,
		follows_the_formula,
		NULL,
	};
	return test_run("sgd", tests);
}
