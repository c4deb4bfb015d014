/* The plain conv kernels, every element of all three passes: against sums in
 * double over many shapes, and against golden cases of PyTorch. */
#include <stdlib.h>
#include <string.h>

#include "lib/convs.h"
#include "lib/golden.h"
#include "lib/noise.h"
#include "lib/plugin.h"

/* Of golden tensors, which are normals: larger than the noise of the other tests. */
#define TOLERANCE 2e-5

static const char *const golden[] = {
	"conv_same_s1", "conv_same_s1_rgb", "conv_same_s2_even", "conv_same_s2_odd",
	"conv_same_5x4", "conv_valid_5x4", "conv_1x1", "conv_grouped",
	"conv_grouped_s2",
};

static const struct test_convs plain = { .name = "plain" };

START_TEST(all_passes_are_right)
{
	const struct rnf_conv_shape s = test_conv_shape(_i);
	ck_assert_int_eq(test_conv_check(&plain, &s), 3);
}
END_TEST

START_TEST(two_calls_give_the_same_bits)
{
	for (int i = 0; i < test_conv_shapes(); i++) {
		const struct rnf_conv_shape s = test_conv_shape(i);
		test_conv_repeats(&plain, &plain, &s);
	}
}
END_TEST

static struct rnf_conv_shape golden_shape(const char *name, int64_t *images)
{
	int64_t x[8], kernel[8], y[8];
	golden_op(name, "x", x);
	golden_op(name, "kernel", kernel);
	golden_op(name, "y", y);
	struct rnf_conv_shape s = {
		.h = x[1], .w = x[2], .c = x[3], .k = y[3],
		.groups = (int64_t)*golden_op(name, "groups", NULL),
		.window = { .kernel_h = kernel[0], .kernel_w = kernel[1],
			    .stride = (int64_t)*golden_op(name, "stride", NULL) } };
	test_conv_place(&s, strstr(name, "valid") ? TEST_CONV_VALID : TEST_CONV_SAME);
	ck_assert(s.window.out_h == y[1] && s.window.out_w == y[2]);
	ck_assert_int_eq(s.c, kernel[2] * s.groups);
	*images = x[0];
	return s;
}

static void run(const struct rnf_conv_shape *s, enum rnf_conv_kind kind,
		const float *a, const float *b, float *out, int first)
{
	struct test_conv_call call;
	ck_assert(test_conv_start(&call, &plain, s, kind, a, b));
	ck_assert_str_eq(call.kernel.name, "plain");
	test_conv_run(&call, out, !first, 2);
	test_conv_finish(&call);
}

START_TEST(all_passes_are_golden)
{
	const char *name = golden[_i];
	int64_t images, n[3];
	const struct rnf_conv_shape s = golden_shape(name, &images);
	test_conv_count(&s, n);
	const float *x = golden_op(name, "x", NULL), *dy = golden_op(name, "dy", NULL);
	const float *kernel = golden_op(name, "kernel", NULL);
	float *y = test_noise(n[2], 4), *dx = test_noise(n[0], 5);
	float *dkernel = test_noise(n[1], 6);
	for (int64_t i = 0; i < images; i++) {
		run(&s, RNF_CONV_FWD, x + i * n[0], kernel, y, 1);
		golden_check(name, "y", y, i * n[2], n[2], TOLERANCE);
		run(&s, RNF_CONV_BWD_DATA, dy + i * n[2], kernel, dx, 1);
		golden_check(name, "dx", dx, i * n[0], n[0], TOLERANCE);
		run(&s, RNF_CONV_BWD_WEIGHTS, x + i * n[0], dy + i * n[2], dkernel,
		    i == 0);
	}
	golden_check(name, "dkernel", dkernel, 0, n[1], TOLERANCE);
	free(y);
	free(dx);
	free(dkernel);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ all_passes_are_right, test_conv_shapes() },
		{ two_calls_give_the_same_bits, 0 },
		{ all_passes_are_golden, TEST_ROWS(golden) },
		{ NULL, 0 },
	};
	return test_run_cases("conv", cases);
}
