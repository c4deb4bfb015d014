/* conv2d: Keras' padding, the kernel's shape and fans, groups, the model's L2. */
#include <string.h>
#include "lib/plugin.h"

struct conf { /* as in the plugin */
	int64_t filters, kernel, stride, groups;
	int32_t padding, bias;
	const struct rnf_ref *initializer;
	double l2;
};

static struct rnf_weight kernel;
static struct rnf_window window;
static int failed, biases;

static void shape(struct rnf_graph *g, rnf_val v, int64_t nhwc[4])
{
	(void)g, (void)v;
	memcpy(nhwc, (const int64_t[]){ 1, 32, 31, 16 }, 4 * sizeof *nhwc);
}
static rnf_val weight(struct rnf_graph *g, const struct rnf_weight *w)
{
	(void)g;
	if (w->rank == 4) kernel = *w;
	return 1;
}
static rnf_val conv2d(struct rnf_graph *g, rnf_val x, rnf_val w,
		      const struct rnf_window *win, int64_t groups)
{
	(void)g, (void)x, (void)w, (void)groups;
	window = *win;
	return 2;
}
static rnf_val bias(struct rnf_graph *g, rnf_val x, rnf_val b)
{
	(void)g, (void)b;
	biases++;
	return x;
}
static rnf_val refuse(struct rnf_graph *g, const char *format, ...)
{
	(void)g, (void)format;
	failed++;
	return -1;
}

static rnf_val lower(struct conf conf)
{
	const struct rnf_layer_impl *impl = test_feature("layer", "conv2d")->impl;
	struct rnf_graph g = { .l2 = 0.5, .shape = shape, .weight = weight,
			       .conv2d = conv2d, .bias = bias, .fail = refuse };
	failed = biases = 0;
	return impl->lower(&conf, &g, (const rnf_val[]){ 0 }, 1);
}

START_TEST(same_pads_the_end_first)
{
	ck_assert_int_eq(lower((struct conf){ 8, 3, 2, 1, 0, 0, NULL, -1 }), 2);
	ck_assert_int_eq(window.out_h, 16);
	ck_assert_int_eq(window.out_w, 16);
	ck_assert_int_eq(window.pad_top, 0);  /* 32: one zero, after */
	ck_assert_int_eq(window.pad_left, 1); /* 31: two zeros */
	ck_assert_double_eq(kernel.l2, 0.5);
	ck_assert_int_eq(biases, 0);
}
END_TEST

START_TEST(groups_shape_the_kernel)
{
	ck_assert_int_eq(lower((struct conf){ 8, 3, 1, 4, 0, 1, NULL, 0 }), 2);
	ck_assert_int_eq(kernel.shape[2], 4);
	ck_assert_int_eq(kernel.shape[3], 8);
	ck_assert_int_eq(kernel.fan_in, 36);
	ck_assert_int_eq(kernel.fan_out, 72);
	ck_assert_double_eq(kernel.l2, 0);
	ck_assert_int_eq(biases, 1);
}
END_TEST

START_TEST(refuses_what_does_not_fit)
{
	ck_assert_int_lt(lower((struct conf){ 8, 3, 1, 3, 0, 0, NULL, -1 }), 0);
	ck_assert_int_eq(failed, 1);
	ck_assert_int_lt(lower((struct conf){ 8, 40, 1, 1, 1, 0, NULL, -1 }), 0);
	ck_assert_int_eq(failed, 1);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		same_pads_the_end_first, groups_shape_the_kernel, refuses_what_does_not_fit, NULL
	};
	return test_run("layer/conv2d", tests);
}
