/* The schedulers at points worked out by hand. */
#include "lib/plugin.h"

/* Ten steps an epoch, 180 epochs, base rate 0.1. */
static double rate(const char *name, const void *conf, int64_t step)
{
	const struct rnf_scheduler_impl *impl = test_feature("scheduler", name)->impl;
	const struct rnf_when when = { .size = sizeof when, .step = step,
		.steps_per_epoch = 10, .epochs = 180, .lr = 0.1 };
	return impl->rate(conf, &when);
}

static void expect(const char *name, const void *conf, int64_t step, double want)
{
	const double got = rate(name, conf, step);
	ck_assert_msg(got >= want - 1e-12 && got <= want + 1e-12,
		      "%s at step %lld: %.15g, expected %.15g", name,
		      (long long)step, got, want);
}

START_TEST(constant_stays)
{
	expect("constant", NULL, 1, 0.1);
	expect("constant", NULL, 1800, 0.1);
}
END_TEST

START_TEST(linear_rises_and_stays)
{
	const struct { double warmup; } five = { 5 }, half = { 0.5 }, none = { 0 };
	expect("linear", &five, 1, 0.002);
	expect("linear", &five, 25, 0.05);
	expect("linear", &five, 49, 0.098);
	expect("linear", &five, 50, 0.1);
	expect("linear", &five, 51, 0.1);
	expect("linear", &five, 1800, 0.1);
	expect("linear", &half, 1, 0.02);
	expect("linear", &half, 5, 0.1);
	expect("linear", &none, 1, 0.1);
}
END_TEST

/* With a warm-up of 5, W = 50, T = 1800: the middle of the cosine is step 925. */
START_TEST(cosine_rises_and_falls)
{
	const struct { double warmup; } five = { 5 }, none = { 0 }, all = { 180 };
	expect("cosine", &five, 1, 0.002);
	expect("cosine", &five, 50, 0.1);
	expect("cosine", &five, 925, 0.05);
	expect("cosine", &five, 1800, 0);
	ck_assert_double_lt(rate("cosine", &five, 51), 0.1);
	expect("cosine", &none, 600, 0.075);
	expect("cosine", &none, 1200, 0.025);
	expect("cosine", &all, 1800, 0.1);
	expect("cosine", &five, 1801, 0);
}
END_TEST

struct step_conf {
	struct rnf_ints boundaries;
	double factor;
	int64_t warmup_epochs;
};

START_TEST(step_falls_at_90_and_135)
{
	const struct step_conf conf = { { NULL, 0 }, 0.1, 1 };
	expect("step", &conf, 1, 0.01);
	expect("step", &conf, 10, 0.01);
	expect("step", &conf, 11, 0.1);
	expect("step", &conf, 900, 0.1);
	expect("step", &conf, 901, 0.01);
	expect("step", &conf, 1350, 0.01);
	expect("step", &conf, 1351, 0.001);
	expect("step", &conf, 1800, 0.001);
}
END_TEST

START_TEST(step_falls_where_told)
{
	const int64_t at[] = { 2, 4, 6 };
	const struct step_conf conf = { { at, 3 }, 0.5, 0 };
	expect("step", &conf, 1, 0.1);
	expect("step", &conf, 20, 0.1);
	expect("step", &conf, 21, 0.05);
	expect("step", &conf, 41, 0.025);
	expect("step", &conf, 61, 0.0125);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		constant_stays,
		linear_rises_and_stays,
		cosine_rises_and_falls,
		step_falls_at_90_and_135,
		step_falls_where_told,
		NULL,
	};
	return test_run("scheduler", tests);
}
