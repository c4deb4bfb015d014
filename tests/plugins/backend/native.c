/* native: each instruction set over all shapes, how RNF_ISA selects one, and that it is
 * worth having. The best set of this machine: tests/contract/backends.c too. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/status.h"
#include "lib/convs.h"
#include "lib/noise.h"
#include "lib/plugin.h"
#include "lib/sanitizer.h"

static const char *const isas[] = { "portable", "avx2", "avx512", "avx512bf16" };

static rnf_status open_isa(const char *isa, struct test_convs *by)
{
	const struct rnf_feature *native = test_feature("backend", "native");
	*by = (struct test_convs){ .name = isa, .impl = native->impl };
	ck_assert_int_eq(setenv("RNF_ISA", isa, 1), 0);
	const rnf_status status = by->impl->open(&rnf_host, NULL, &by->self);
	unsetenv("RNF_ISA");
	return status;
}

/* 0: this processor lacks it, which the refusal must say. */
static int opened(const char *isa, struct test_convs *by)
{
	const rnf_status status = open_isa(isa, by);
	if (status == RNF_OK) return 1;
	ck_assert_msg(status == RNF_EUNSUP, "%s: %s", isa, rnf_fail_words());
	ck_assert_msg(strstr(rnf_fail_words(), isa), "%s", rnf_fail_words());
	printf("skipped: %s\n", rnf_fail_words());
	return 0;
}

static int fits_winograd(const struct rnf_conv_shape *s)
{
	return s->window.kernel_h == 3 && s->window.kernel_w == 3 && s->window.stride == 1 &&
	       s->window.dilation == 1 && s->groups == 1;
}

static void check_shapes(const char *isa, enum rnf_algorithm algorithm,
			 enum rnf_precision precision)
{
	struct test_convs by;
	if (!opened(isa, &by)) return;
	by.algorithm = algorithm;
	by.precision = precision;
	for (int i = 0; i < test_conv_shapes(); i++) {
		const struct rnf_conv_shape s = test_conv_shape(i);
		const int takes = fits_winograd(&s) || algorithm != RNF_ALGORITHM_WINOGRAD;
		ck_assert_int_eq(test_conv_check(&by, &s), takes ? 3 : 0);
		test_conv_repeats(&by, &by, &s);
	}
}

START_TEST(each_isa_is_right)
{
	check_shapes(isas[_i], RNF_ALGORITHM_DIRECT, RNF_PRECISION_FP32);
}
END_TEST

START_TEST(winograd_of_each_isa_is_right)
{
	check_shapes(isas[_i], RNF_ALGORITHM_WINOGRAD, RNF_PRECISION_FP32);
}
END_TEST

START_TEST(winograd_of_bf16_is_right)
{
	check_shapes(isas[_i], RNF_ALGORITHM_WINOGRAD, RNF_PRECISION_BF16);
}
END_TEST

/* Winograd's errors compared with direct sums, for the convs of SE-MXResNet20. */
static const struct { int64_t side, channels; } stages[] = {
	{ 32, 16 }, { 16, 32 }, { 8, 64 },
};

/* Bounds for the errors of a pass: direct, by Winograd. */
static void check_errors(int stage, enum rnf_conv_kind kind, enum rnf_precision precision,
			 double direct, double winograd)
{
	static const char *const passes[] = { "y", "dx", "dkernel" };
	struct rnf_conv_shape s = {
		.h = stages[stage].side, .w = stages[stage].side, .groups = 1,
		.c = stages[stage].channels, .k = stages[stage].channels,
		.window = { .kernel_h = 3, .kernel_w = 3, .stride = 1 } };
	struct test_convs by = test_convs_open(test_feature("backend", "native"));
	by.precision = precision;
	test_conv_place(&s, TEST_CONV_SAME);
	by.algorithm = RNF_ALGORITHM_DIRECT;
	const double of_direct = test_conv_error(&by, &s, kind);
	by.algorithm = RNF_ALGORITHM_WINOGRAD;
	const double of_winograd = test_conv_error(&by, &s, kind);
	printf("%dx%dx%d, %s, %s: relative error %.1e direct, %.1e by winograd\n", (int)s.h,
	       (int)s.w, (int)s.c, passes[kind],
	       precision == RNF_PRECISION_BF16 ? "bf16" : "fp32", of_direct, of_winograd);
	ck_assert_double_lt(of_direct, direct);
	ck_assert_double_lt(of_winograd, winograd);
}

START_TEST(winograd_errs_little_more_than_direct)
{
	for (int kind = 0; kind < 3; kind++)
		check_errors(_i, (enum rnf_conv_kind)kind, RNF_PRECISION_FP32, 1e-6, 2e-6);
}
END_TEST

/* Points of bf16 lose five times what operands of bf16 lose. */
START_TEST(winograd_of_bf16_errs_within_bounds)
{
	for (int kind = 0; kind < 3; kind++)
		check_errors(_i, (enum rnf_conv_kind)kind, RNF_PRECISION_BF16, 4e-3, 2e-2);
}
END_TEST

/* If the processor lacks the instruction, this test emulates it. */
START_TEST(bf16_of_each_isa_is_right)
{
	struct test_convs by;
	check_shapes(isas[_i], RNF_ALGORITHM_DIRECT, RNF_PRECISION_BF16);
	if (!opened(isas[_i], &by)) return;
	by.algorithm = RNF_ALGORITHM_DIRECT;
	by.precision = RNF_PRECISION_BF16;
	for (int i = 0; i < test_conv_shapes(); i++) {
		const struct rnf_conv_shape s = test_conv_shape(i);
		if (s.groups == 1) test_conv_rounds(&by, &s);
	}
}
END_TEST

static const enum rnf_algorithm algorithms[] = {
	RNF_ALGORITHM_DIRECT, RNF_ALGORITHM_WINOGRAD,
};

START_TEST(bf16_is_emulated_bit_by_bit)
{
	struct test_convs emulated, real;
	if (!opened("avx512bf16", &real) || !opened("avx512", &emulated)) return;
	emulated.algorithm = real.algorithm = algorithms[_i];
	emulated.precision = real.precision = RNF_PRECISION_BF16;
	for (int i = 0; i < test_conv_shapes(); i++) {
		const struct rnf_conv_shape s = test_conv_shape(i);
		test_conv_repeats(&emulated, &real, &s);
	}
}
END_TEST

/* Halves between two bf16 numbers, and one that carries into the exponent. */
START_TEST(bf16_rounds_to_even)
{
	static const float values[][2] = {
		{ 0x1.01p0f, 0x1p0f }, { 0x1.03p0f, 0x1.04p0f }, { -0x1.03p0f, -0x1.04p0f },
		{ 0x1.010002p0f, 0x1.02p0f }, { 0x1.ffp0f, 0x1p1f }, { 0x1.02fffep0f, 0x1.02p0f },
	};
	for (int i = 0; i < TEST_ROWS(values); i++)
		ck_assert_float_eq(test_conv_bf16(values[i][0]), values[i][1]);
	const struct rnf_conv_shape s = { .h = 1, .w = 1, .c = 1, .k = 1, .groups = 1,
		.window = { .kernel_h = 1, .kernel_w = 1, .stride = 1, .out_h = 1, .out_w = 1,
			    .dilation = 1 } };
	struct test_convs by;
	if (!opened(isas[_i], &by)) return;
	by.algorithm = RNF_ALGORITHM_DIRECT;
	by.precision = RNF_PRECISION_BF16;
	for (int i = 0; i < 2 * 3 * TEST_ROWS(values); i++) {
		const float *value = values[i / 6], one = 1;
		const int is_second = i % 2; /* operand */
		struct test_conv_call call;
		float out;
		ck_assert(test_conv_start(&call, &by, &s, (enum rnf_conv_kind)(i / 2 % 3),
					  is_second ? &one : value, is_second ? value : &one));
		test_conv_run(&call, &out, 0, 1);
		ck_assert_msg(out == value[1], "%s: %a becomes %a, not %a", call.where,
			      (double)value[0], (double)out, (double)value[1]);
		test_conv_finish(&call);
	}
}
END_TEST

/* Only by the processor's own instruction. */
START_TEST(bf16_is_offered_where_it_is_fast)
{
	struct test_convs by;
	if (!opened(isas[_i], &by)) return;
	const int has = !strcmp(isas[_i], "avx512bf16");
	const rnf_status status = by.impl->offers(by.self, &rnf_host, RNF_PRECISION_BF16);
	ck_assert_int_eq(status, has ? RNF_OK : RNF_EUNSUP);
	ck_assert_msg(has || strstr(rnf_fail_words(), "AVX512_BF16") ||
		      strstr(rnf_fail_words(), "RNF_ISA=avx512bf16: it is "), "%s",
		      rnf_fail_words());
	ck_assert_int_eq(by.impl->offers(by.self, &rnf_host, RNF_PRECISION_FP32), RNF_OK);
}
END_TEST

#define W "winograd, "
#define B "bf16, "
#define WB "winograd of bf16, "

/* How the name of a pass's kernel begins: for each algorithm, auto first, and precision. */
static const struct choice {
	int64_t c, k, kernel, groups;
	enum rnf_conv_kind kind;
	const char *fp32[3], *bf16[3];
} choices[] = {
	{ 16, 16, 3, 1, RNF_CONV_FWD, { W, "", W }, { WB, B, WB } },
	{ 16, 16, 3, 1, RNF_CONV_BWD_DATA, { W, "", W }, { WB, B, WB } },
	{ 16, 16, 3, 1, RNF_CONV_BWD_WEIGHTS, { W, "", W }, { WB, B, WB } },
	{ 16, 32, 1, 1, RNF_CONV_FWD, { "", "", NULL }, { B, B, NULL } },
	{ 3, 16, 3, 1, RNF_CONV_FWD, { "", "", W }, { "", B, WB } },
	{ 7, 16, 3, 1, RNF_CONV_FWD, { "", "", W }, { "", B, WB } },
	{ 16, 7, 3, 1, RNF_CONV_FWD, { "", "", W }, { "", B, WB } },
	{ 8, 8, 3, 1, RNF_CONV_FWD, { W, "", W }, { WB, B, WB } },
	{ 16, 16, 3, 8, RNF_CONV_FWD, { "", "", NULL }, { "", "", NULL } },
};

static void check_choice(const struct test_convs *by, struct rnf_conv_shape *s,
			 const char *const begins[3])
{
	struct rnf_kernel kernel;
	char name[64];
	for (int i = RNF_ALGORITHM_AUTO; i <= RNF_ALGORITHM_WINOGRAD; i++) {
		s->algorithm = (enum rnf_algorithm)i;
		const rnf_status status = by->impl->conv(by->self, &rnf_host, s, &kernel);
		ck_assert_int_eq(status, begins[i] ? RNF_OK : RNF_EUNSUP);
		if (!begins[i]) continue;
		snprintf(name, sizeof name, "%s%s", begins[i], by->name);
		ck_assert_str_eq(kernel.name, name);
	}
}

START_TEST(shape_chooses_the_kernel)
{
	const struct choice *c = &choices[_i];
	struct rnf_conv_shape s = { .kind = c->kind, .h = 8, .w = 8, .c = c->c, .k = c->k,
		.groups = c->groups,
		.window = { .kernel_h = c->kernel, .kernel_w = c->kernel, .stride = 1 } };
	test_conv_place(&s, TEST_CONV_SAME);
	for (int i = 0; i < TEST_ROWS(isas); i++) {
		struct test_convs by;
		if (!opened(isas[i], &by)) continue;
		s.precision = RNF_PRECISION_FP32;
		check_choice(&by, &s, c->fp32);
		s.precision = RNF_PRECISION_BF16;
		check_choice(&by, &s, c->bf16);
	}
}
END_TEST

START_TEST(each_isa_takes_odd_values)
{
	struct test_convs by;
	if (!opened(isas[_i], &by)) return;
	for (int i = 0; i < test_conv_shapes(); i++) {
		const struct rnf_conv_shape s = test_conv_shape(i);
		for (int j = 0; j < 4; j++) {
			by.precision = j / 2 ? RNF_PRECISION_BF16 : RNF_PRECISION_FP32;
			by.algorithm = j % 2 ? RNF_ALGORITHM_WINOGRAD : RNF_ALGORITHM_DIRECT;
			test_conv_odd_values(&by, &s);
		}
	}
}
END_TEST

/* The kernel's name is what `plan` prints. */
START_TEST(isa_of_that_name_is_used)
{
	struct test_convs by;
	struct test_conv_call call;
	const struct rnf_conv_shape s = test_conv_shape(0);
	if (!opened(isas[_i], &by)) return;
	float *x = test_noise(s.h * s.w * s.c, 1), *kernel = test_noise(9 * s.c * s.k, 2);
	ck_assert(test_conv_start(&call, &by, &s, RNF_CONV_FWD, x, kernel));
	ck_assert_ptr_nonnull(strstr(call.kernel.name, isas[_i]));
	test_conv_finish(&call);
	free(x);
	free(kernel);
}
END_TEST

/* The core's own kernel takes them. */
START_TEST(windows_that_span_too_much_are_left_out)
{
	const struct test_convs by = test_convs_open(test_feature("backend", "native"));
	struct rnf_conv_shape s = { .h = 9, .w = 9, .c = 8, .k = 8, .groups = 1,
		.window = { .kernel_h = 3, .kernel_w = 1, .stride = 1, .dilation = 96 } };
	test_conv_place(&s, TEST_CONV_SAME);
	ck_assert_int_eq(test_conv_check(&by, &s), 0);
	s.window.dilation = 95;
	test_conv_place(&s, TEST_CONV_SAME);
	ck_assert_int_eq(test_conv_check(&by, &s), 3);
}
END_TEST

START_TEST(portable_runs_everywhere)
{
	struct test_convs by;
	ck_assert_int_eq(open_isa("portable", &by), RNF_OK);
}
END_TEST

START_TEST(unknown_isa_is_refused)
{
	struct test_convs by;
	ck_assert_int_eq(open_isa("avx3", &by), RNF_EINVAL);
	const char *words = rnf_fail_words();
	ck_assert_msg(strstr(words, "RNF_ISA") && strstr(words, "avx3"), "%s", words);
	for (int i = 0; i < TEST_ROWS(isas); i++)
		ck_assert_msg(strstr(words, isas[i]), "%s", words);
}
END_TEST

/* -- speed -- */

enum { RUNS = 15, CALLS = 10 };

/* Seconds of the fastest of several runs, which took turns, so that other load affects
 * both. */
static void race(struct test_conv_call *calls, float *out, double best[2])
{
	best[0] = best[1] = 1e9;
	for (int run = 0; run < RUNS; run++)
		for (int i = 0; i < 2; i++) {
			struct timespec from, to;
			clock_gettime(CLOCK_MONOTONIC, &from);
			for (int j = 0; j < CALLS; j++)
				test_conv_run(&calls[i], out, 0, 1);
			clock_gettime(CLOCK_MONOTONIC, &to);
			const double s = (double)(to.tv_sec - from.tv_sec) +
					 1e-9 * (double)(to.tv_nsec - from.tv_nsec);
			if (s < best[i]) best[i] = s;
		}
}

/* The images read and written have the same size here. */
static void check_speed(struct rnf_conv_shape s, enum rnf_conv_kind kind,
			const struct test_convs *other, double times)
{
	const struct test_convs by = test_convs_open(test_feature("backend", "native"));
	const int64_t n = s.h * s.w * s.c;
	struct test_conv_call calls[2];
	double best[2];
	test_conv_place(&s, TEST_CONV_SAME);
	float *in = test_noise(n, 1), *kernel = test_noise(9 * s.c / s.groups * s.k, 2);
	float *out = test_noise(n, 3);
	ck_assert(test_conv_start(&calls[0], &by, &s, kind, in, kernel));
	ck_assert(test_conv_start(&calls[1], other, &s, kind, in, kernel));
	race(calls, out, best);
	ck_assert_msg(best[0] <= times * best[1], "%s takes %.0f us, %s %.0f us",
		      calls[0].where, best[0] / CALLS * 1e6, other->name,
		      best[1] / CALLS * 1e6);
	for (int i = 0; i < 2; i++)
		test_conv_finish(&calls[i]);
	free(in);
	free(kernel);
	free(out);
}

static int skipped(void)
{
	const int sanitized = TEST_ASAN || TEST_TSAN;
	if (sanitized) puts("skipped: times under a sanitizer say nothing");
	return sanitized;
}

START_TEST(dense_is_about_as_fast_as_openblas)
{
	if (skipped() || !test_has_plugin("backend", "openblas")) return;
	const struct test_convs openblas =
		test_convs_open(test_feature("backend", "openblas"));
	check_speed((struct rnf_conv_shape){ .h = 32, .w = 32, .c = 16, .k = 16,
			.groups = 1, .window = { .kernel_h = 3, .kernel_w = 3, .stride = 1 } },
		    RNF_CONV_FWD, &openblas, 1.5);
}
END_TEST

START_TEST(grouped_is_as_fast_as_plain)
{
	const struct test_convs plain = { .name = "plain" };
	if (skipped()) return;
	check_speed((struct rnf_conv_shape){ .h = 32, .w = 32, .c = 32, .k = 32,
			.groups = 16, .window = { .kernel_h = 3, .kernel_w = 3, .stride = 1 } },
		    RNF_CONV_BWD_DATA, &plain, 1);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ each_isa_is_right, TEST_ROWS(isas) },
		{ winograd_of_each_isa_is_right, TEST_ROWS(isas) },
		{ winograd_of_bf16_is_right, TEST_ROWS(isas) },
		{ winograd_errs_little_more_than_direct, TEST_ROWS(stages) },
		{ winograd_of_bf16_errs_within_bounds, TEST_ROWS(stages) },
		{ bf16_of_each_isa_is_right, TEST_ROWS(isas) },
		{ bf16_is_emulated_bit_by_bit, TEST_ROWS(algorithms) },
		{ bf16_rounds_to_even, TEST_ROWS(isas) },
		{ bf16_is_offered_where_it_is_fast, TEST_ROWS(isas) },
		{ shape_chooses_the_kernel, TEST_ROWS(choices) },
		{ each_isa_takes_odd_values, TEST_ROWS(isas) },
		{ isa_of_that_name_is_used, TEST_ROWS(isas) },
		{ windows_that_span_too_much_are_left_out, 0 },
		{ portable_runs_everywhere, 0 },
		{ unknown_isa_is_refused, 0 },
		{ dense_is_about_as_fast_as_openblas, 0 },
		{ grouped_is_as_fast_as_plain, 0 },
		{ NULL, 0 },
	};
	return test_run_cases("native", cases);
}
