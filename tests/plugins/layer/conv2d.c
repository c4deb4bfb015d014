/* conv2d: Keras' padding, the kernel's shape and fans, groups, the model's L2. */
#include <string.h>

#include "base/arena.h"
#include "lib/plugin.h"

struct conf { /* as in the plugin */
	int64_t filters, kernel, stride, dilation, groups;
	int32_t padding, border, bias, algorithm;
	const struct rnf_ref *initializer;
	double l2, eps;
	int32_t standardize, gain;
};

static struct rnf_weight kernel;
static struct rnf_window window;
static enum rnf_algorithm algorithm;
static int failed, biases, derived, operands;

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
		      const struct rnf_window *win, int64_t groups,
		      enum rnf_algorithm how)
{
	(void)g, (void)x, (void)w, (void)groups;
	window = *win;
	algorithm = how;
	return 2;
}
static rnf_val bias(struct rnf_graph *g, rnf_val x, rnf_val b)
{
	(void)g, (void)b;
	biases++;
	return x;
}
static rnf_val derive(struct rnf_graph *g, const rnf_val *in, size_t n, int32_t rank,
		      const int64_t *of, const struct rnf_derive_impl *impl, const void *self)
{
	(void)g, (void)in, (void)self;
	derived++;
	operands = (int)n;
	ck_assert_uint_eq(impl->n_in, n);
	ck_assert_int_eq(rank, 4);
	ck_assert_mem_eq(of, kernel.shape, 4 * sizeof *of);
	return 3;
}
static rnf_val refuse(struct rnf_graph *g, const char *format, ...)
{
	(void)g, (void)format;
	failed++;
	return -1;
}

static enum rnf_algorithm of_model;
static int model_standardizes;
static const struct rnf_host host = { .size = sizeof host, .alloc = rnf_alloc };

static rnf_val lower(struct conf conf)
{
	const struct rnf_layer_impl *impl = test_feature("layer", "conv2d")->impl;
	struct rnf_graph g = { .l2 = 0.5, .algorithm = of_model, .shape = shape, .weight = weight,
			       .conv2d = conv2d, .bias = bias, .fail = refuse, .derive = derive,
			       .host = &host, .standardize = model_standardizes };
	failed = biases = derived = operands = 0;
	return impl->lower(&conf, &g, (const rnf_val[]){ 0 }, 1);
}

START_TEST(same_pads_the_end_first)
{
	ck_assert_int_eq(lower((struct conf){ 8, 3, 2, 1, 1, 0, 0, 0, 0, NULL, -1, 0, 0, 0 }), 2);
	ck_assert_int_eq(window.out_h, 16);
	ck_assert_int_eq(window.out_w, 16);
	ck_assert_int_eq(window.pad_top, 0);  /* 32: one zero, after */
	ck_assert_int_eq(window.pad_left, 1); /* 31: two zeros */
	ck_assert_double_eq(kernel.l2, 0.5);
	ck_assert_int_eq(biases, 0);
}
END_TEST

START_TEST(dilation_widens_the_window)
{
	ck_assert_int_eq(lower((struct conf){ 8, 3, 2, 4, 1, 0, 2, 0, 0, NULL, -1, 0, 0, 0 }), 2);
	ck_assert_int_eq(window.dilation, 4);
	ck_assert_int_eq(window.border, RNF_BORDER_EDGE);
	ck_assert_int_eq(window.out_h, 16);
	ck_assert_int_eq(window.pad_top, 3); /* 9 pixels: 7 outside of 32 */
	ck_assert_int_eq(window.pad_left, 4);
	ck_assert_int_eq(kernel.shape[0], 3);
	ck_assert_int_eq(lower((struct conf){ 8, 3, 1, 15, 1, 1, 0, 0, 0, NULL, -1, 0, 0, 0 }), 2);
	ck_assert_int_eq(window.out_h, 2);
	ck_assert_int_eq(window.out_w, 1);
	ck_assert_int_lt(lower((struct conf){ 8, 3, 1, 16, 1, 1, 0, 0, 0, NULL, -1, 0, 0, 0 }), 0);
	ck_assert_int_eq(failed, 1);
}
END_TEST

START_TEST(groups_shape_the_kernel)
{
	ck_assert_int_eq(lower((struct conf){ 8, 3, 1, 1, 4, 0, 0, 1, 0, NULL, 0, 0, 0, 0 }), 2);
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
	ck_assert_int_lt(lower((struct conf){ 8, 3, 1, 1, 3, 0, 0, 0, 0, NULL, -1, 0, 0, 0 }), 0);
	ck_assert_int_eq(failed, 1);
	ck_assert_int_lt(lower((struct conf){ 8, 40, 1, 1, 1, 1, 0, 0, 0, NULL, -1, 0, 0, 0 }), 0);
	ck_assert_int_eq(failed, 1);
}
END_TEST

/* A layer's setting takes precedence over the model's, which applies where it fits. */
static const struct { int64_t stride; int32_t own, model, want; } asked[] = {
	{ 1, RNF_ALGORITHM_AUTO, RNF_ALGORITHM_AUTO, RNF_ALGORITHM_AUTO },
	{ 1, RNF_ALGORITHM_AUTO, RNF_ALGORITHM_DIRECT, RNF_ALGORITHM_DIRECT },
	{ 1, RNF_ALGORITHM_AUTO, RNF_ALGORITHM_WINOGRAD, RNF_ALGORITHM_WINOGRAD },
	{ 2, RNF_ALGORITHM_AUTO, RNF_ALGORITHM_WINOGRAD, RNF_ALGORITHM_DIRECT },
	{ 1, RNF_ALGORITHM_DIRECT, RNF_ALGORITHM_WINOGRAD, RNF_ALGORITHM_DIRECT },
	{ 1, RNF_ALGORITHM_WINOGRAD, RNF_ALGORITHM_DIRECT, RNF_ALGORITHM_WINOGRAD },
};

START_TEST(algorithm_is_the_layers_or_the_models)
{
	of_model = (enum rnf_algorithm)asked[_i].model;
	ck_assert_int_eq(lower((struct conf){ 8, 3, asked[_i].stride, 1, 1, 0, 0, 0,
					      asked[_i].own, NULL, -1, 0, 0, 0 }), 2);
	ck_assert_int_eq(algorithm, asked[_i].want);
}
END_TEST

START_TEST(winograd_is_for_dense_3x3)
{
	const struct conf wrong[] = {
		{ 8, 5, 1, 1, 1, 0, 0, 0, RNF_ALGORITHM_WINOGRAD, NULL, -1, 0, 0, 0 },
		{ 8, 3, 2, 1, 1, 0, 0, 0, RNF_ALGORITHM_WINOGRAD, NULL, -1, 0, 0, 0 },
		{ 8, 3, 1, 1, 4, 0, 0, 0, RNF_ALGORITHM_WINOGRAD, NULL, -1, 0, 0, 0 },
		{ 8, 3, 1, 2, 1, 0, 0, 0, RNF_ALGORITHM_WINOGRAD, NULL, -1, 0, 0, 0 },
	};
	for (int i = 0; i < TEST_ROWS(wrong); i++) {
		ck_assert_int_lt(lower(wrong[i]), 0);
		ck_assert_int_eq(failed, 1);
	}
}
END_TEST

/* auto, no and yes, as in the plugin; kernels of one weight a filter have no variance. */
static const struct { int32_t own, gain, model; int64_t kernel, groups; int failed, operands; }
standardizing[] = {
	{ 0, 0, 0, 3, 1, 0, 0 }, { 0, 0, 1, 3, 1, 0, 1 }, { 1, 0, 1, 3, 1, 0, 0 },
	{ 2, 0, 0, 3, 1, 0, 1 }, { 2, 1, 0, 3, 1, 0, 2 }, { 0, 1, 1, 1, 1, 0, 2 },
	{ 0, 0, 1, 1, 16, 0, 0 }, { 2, 0, 0, 1, 16, 1, 0 }, { 1, 1, 1, 3, 1, 1, 0 },
};

START_TEST(kernels_are_standardized_as_the_layer_or_the_model_says)
{
	model_standardizes = standardizing[_i].model;
	lower((struct conf){ .filters = 16, .kernel = standardizing[_i].kernel, .stride = 1,
			     .groups = standardizing[_i].groups, .l2 = -1, .eps = 1e-6,
			     .standardize = standardizing[_i].own, .gain = standardizing[_i].gain });
	ck_assert_int_eq(failed, standardizing[_i].failed);
	ck_assert_int_eq(operands, standardizing[_i].operands);
	ck_assert_int_eq(derived, operands > 0);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ same_pads_the_end_first, 0 },
		{ dilation_widens_the_window, 0 },
		{ groups_shape_the_kernel, 0 },
		{ refuses_what_does_not_fit, 0 },
		{ algorithm_is_the_layers_or_the_models, TEST_ROWS(asked) },
		{ winograd_is_for_dense_3x3, 0 },
		{ kernels_are_standardized_as_the_layer_or_the_model_says,
		  TEST_ROWS(standardizing) },
		{ NULL, 0 },
	};
	return test_run_cases("layer/conv2d", cases);
}
