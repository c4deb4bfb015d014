/* identity_shortcut: which pixels stay, where the zeros are, what is refused. */
#include <stdarg.h>

#include "lib/plugin.h"

struct conf { int64_t filters, stride; }; /* as in the plugin */

/* What the layer asked of the graph. */
static struct {
	const struct rnf_activation_impl *zero;
	struct rnf_window window;
	int pools, zeros, failed;
	size_t parts;
	rnf_val of[16];
} asked;

static void shape(struct rnf_graph *g, rnf_val x, int64_t nhwc[4])
{
	(void)g, (void)x;
	nhwc[0] = 1, nhwc[1] = 7, nhwc[2] = 4, nhwc[3] = 16;
}

static rnf_val avgpool(struct rnf_graph *g, rnf_val x, const struct rnf_window *w)
{
	(void)g;
	asked.window = *w;
	asked.pools++;
	return x + 100;
}

static rnf_val pointwise(struct rnf_graph *g, rnf_val x,
			 const struct rnf_activation_impl *impl, const void *self)
{
	(void)g, (void)self;
	asked.zero = impl;
	return x + 10 + asked.zeros++;
}

static rnf_val concat(struct rnf_graph *g, const rnf_val *in, size_t n)
{
	(void)g;
	asked.parts = n;
	for (size_t i = 0; i < n; i++) asked.of[i] = in[i];
	return 1000;
}

static rnf_val refuse(struct rnf_graph *g, const char *format, ...)
{
	(void)g, (void)format;
	asked.failed++;
	return -1;
}

static rnf_val lower(int64_t filters, int64_t stride)
{
	const struct rnf_layer_impl *impl = test_feature("layer", "identity_shortcut")->impl;
	const struct conf conf = { filters, stride };
	struct rnf_graph g = { .shape = shape, .avgpool = avgpool, .pointwise = pointwise,
			       .concat = concat, .fail = refuse };
	asked = (typeof(asked)){ 0 };
	return impl->lower(&conf, &g, (const rnf_val[]){ 1 }, 1);
}

START_TEST(the_same_shape_is_x)
{
	ck_assert_int_eq(lower(16, 1), 1);
	ck_assert_int_eq(asked.pools + asked.zeros, 0);
}
END_TEST

START_TEST(every_other_pixel_then_zeros)
{
	ck_assert_int_eq(lower(48, 2), 1000);
	ck_assert_int_eq(asked.window.kernel_h, 1);
	ck_assert_int_eq(asked.window.kernel_w, 1);
	ck_assert_int_eq(asked.window.stride, 2);
	ck_assert_int_eq(asked.window.pad_top + asked.window.pad_left, 0);
	ck_assert_int_eq(asked.window.out_h, 4);
	ck_assert_int_eq(asked.window.out_w, 2);
	ck_assert_int_eq(asked.parts, 3);
	ck_assert_int_eq(asked.of[0], 101);
	ck_assert_int_eq(asked.of[1], 111);
	ck_assert_int_eq(asked.of[2], 112);
}
END_TEST

START_TEST(zeros_have_no_slope)
{
	float x[3] = { -3, 0, 7 }, y[3] = { 1, 1, 1 }, dx[3] = { 1, 1, 1 };
	const struct rnf_tile tile = { .size = sizeof tile };
	lower(32, 1);
	asked.zero->fwd(NULL, &tile, 3, x, y);
	asked.zero->bwd(NULL, &tile, 3, x, x, dx);
	for (int i = 0; i < 3; i++) {
		ck_assert_float_eq(y[i], 0);
		ck_assert_float_eq(dx[i], 0);
	}
}
END_TEST

START_TEST(other_channels_are_refused)
{
	lower(24, 1);
	ck_assert_int_eq(asked.failed, 1);
	lower(8, 1);
	ck_assert_int_eq(asked.failed, 1);
	lower(16 * 17, 1);
	ck_assert_int_eq(asked.failed, 1);
	lower(16 * 16, 1);
	ck_assert_int_eq(asked.failed, 0);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { the_same_shape_is_x, every_other_pixel_then_zeros,
		zeros_have_no_slope, other_channels_are_refused, NULL };
	return test_run("identity_shortcut", tests);
}
