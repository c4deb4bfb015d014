/* Pools: golden cases of PyTorch, and what a pool does with ties, NaN and windows
 * that hang over the edge. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/golden.h"
#include "lib/plugin.h"
#include "lib/rows.h"

static const struct { const char *name; int64_t kernel, stride; } golden[] = {
	{ "avg_pool_s1_even", 2, 1 }, { "avg_pool_s1_odd", 2, 1 },
	{ "avg_pool_s2_even", 2, 2 }, { "avg_pool_s2_odd", 2, 2 },
	{ "max_pool_s2_even", 3, 2 }, { "max_pool_s2_odd", 3, 2 },
};

static int64_t pad_before(int64_t n, int64_t out, int64_t kernel, int64_t stride)
{
	const int64_t zeros = (out - 1) * stride + kernel - n;
	return zeros > 0 ? zeros / 2 : 0;
}

static void same(const char *what, const float *got, const float *want, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		if (!(fabsf(got[i] - want[i]) <= 1e-6f))
			ck_abort_msg("%s[%d] is %.9g, not %.9g", what, (int)i,
				     (double)got[i], (double)want[i]);
}

/* The rows on one image of h x w x c; `_bwd` of maxpool reads x too. */
static struct test_image call(const char *row, const struct rnf_window *window)
{
	return (struct test_image){ .row = row, .window = window, .first = 1 };
}

static void set(int64_t shape[3], int64_t h, int64_t w, int64_t c)
{
	shape[0] = h;
	shape[1] = w;
	shape[2] = c;
}

static void fwd(const char *row, const struct rnf_window *window, int64_t h, int64_t w,
		int64_t c, const float *x, float *y)
{
	struct test_image image = call(row, window);
	set(image.x[0], h, w, c);
	set(image.y, window->out_h, window->out_w, c);
	test_row_image(&image, x, NULL, y);
}

static void avgpool_fwd(const struct rnf_window *window, int64_t h, int64_t w, int64_t c,
			const float *x, float *y)
{
	fwd("avgpool", window, h, w, c, x, y);
}

static void maxpool_fwd(const struct rnf_window *window, int64_t h, int64_t w, int64_t c,
			const float *x, float *y)
{
	fwd("maxpool", window, h, w, c, x, y);
}

static void avgpool_bwd(const struct rnf_window *window, int64_t h, int64_t w, int64_t c,
			const float *dy, float *dx)
{
	struct test_image image = call("avgpool_bwd", window);
	set(image.x[0], window->out_h, window->out_w, c);
	set(image.y, h, w, c);
	test_row_image(&image, dy, NULL, dx);
}

static void maxpool_bwd(const struct rnf_window *window, int64_t h, int64_t w, int64_t c,
			const float *x, const float *dy, float *dx)
{
	struct test_image image = call("maxpool_bwd", window);
	set(image.x[0], h, w, c);
	set(image.x[1], window->out_h, window->out_w, c);
	set(image.y, h, w, c);
	test_row_image(&image, x, dy, dx);
}

/* One image of a golden case, into y and dx of the right size. */
static void check_image(int i, const int64_t in[8], const int64_t out[8], int64_t image,
			const struct rnf_window *w, float *y, float *dx)
{
	const char *name = golden[i].name;
	const int64_t nx = in[1] * in[2] * in[3], ny = out[1] * out[2] * out[3];
	const float *x = golden_op(name, "x", NULL) + image * nx;
	const float *dy = golden_op(name, "dy", NULL) + image * ny;
	memset(y, 0xff, (size_t)ny * sizeof *y); /* NaN: all is overwritten */
	memset(dx, 0xff, (size_t)nx * sizeof *dx);
	if (name[0] == 'a') {
		avgpool_fwd(w, in[1], in[2], in[3], x, y);
		avgpool_bwd(w, in[1], in[2], in[3], dy, dx);
	} else {
		maxpool_fwd(w, in[1], in[2], in[3], x, y);
		maxpool_bwd(w, in[1], in[2], in[3], x, dy, dx);
	}
	golden_check(name, "y", y, image * ny, ny, 1e-6);
	golden_check(name, "dx", dx, image * nx, nx, 1e-6);
}

START_TEST(pools_are_golden)
{
	int64_t in[8], out[8];
	golden_op(golden[_i].name, "x", in);
	golden_op(golden[_i].name, "y", out);
	const int64_t kernel = golden[_i].kernel, stride = golden[_i].stride;
	const struct rnf_window w = {
		kernel, kernel, stride, pad_before(in[1], out[1], kernel, stride),
		pad_before(in[2], out[2], kernel, stride), out[1], out[2], 1, 0 };
	float *y = malloc((size_t)(out[1] * out[2] * out[3]) * sizeof *y);
	float *dx = malloc((size_t)(in[1] * in[2] * in[3]) * sizeof *dx);
	for (int64_t image = 0; image < in[0]; image++)
		check_image(_i, in, out, image, &w, y, dx);
	free(y);
	free(dx);
}
END_TEST

/* 3x3 over 2x2 with a pixel of padding: each window holds all or some of it. */
static const struct rnf_window around = { 3, 3, 1, 1, 1, 2, 2, 1, 0 };

START_TEST(average_counts_real_pixels_only)
{
	const struct rnf_window w = { 3, 2, 2, 1, 0, 2, 2, 1, 0 };
	const float x[9] = { 1, 2, 4, 8, 16, 32, 64, 128, 256 };
	const float dy[4] = { 4, 2, 4, 2 };
	float y[4], dx[9];
	/* rows 0-1 or 1-2, columns 0-1 or 2 alone */
	const float want[4] = { 6.75f, 18, 54, 144 };
	const float want_dx[9] = { 1, 1, 1, 2, 2, 2, 1, 1, 1 };
	avgpool_fwd(&w, 3, 3, 1, x, y);
	same("y", y, want, 4);
	avgpool_bwd(&w, 3, 3, 1, dy, dx);
	same("dx", dx, want_dx, 9);
}
END_TEST

START_TEST(padding_is_never_the_maximum)
{
	const float x[8] = { -4, -1, -3, -2, -2, -3, -1, -4 }; /* [2][2][2] */
	const float want[8] = { -1, -1, -1, -1, -1, -1, -1, -1 };
	float y[8];
	maxpool_fwd(&around, 2, 2, 2, x, y);
	same("y", y, want, 8);
}
END_TEST

START_TEST(gradient_goes_to_the_first_of_equal_maxima)
{
	const float x[4] = { 1, 5, 5, 5 }, dy[4] = { 1, 2, 4, 8 };
	const float want[4] = { 0, 15, 0, 0 };
	float dx[4] = { 9, 9, 9, 9 };
	maxpool_bwd(&around, 2, 2, 1, x, dy, dx);
	same("dx", dx, want, 4);
}
END_TEST

START_TEST(nan_comes_through_the_maximum)
{
	const float x[4] = { 1, 2, NAN, 3 };
	float y[4];
	maxpool_fwd(&around, 2, 2, 1, x, y);
	for (int i = 0; i < 4; i++)
		ck_assert_float_nan(y[i]);
}
END_TEST

START_TEST(window_of_the_image_is_global)
{
	const struct rnf_window w = { 2, 3, 1, 0, 0, 1, 1, 1, 0 };
	const float x[6] = { 3, 1, 4, 1, 5, 10 }, one = 1;
	const float want[6] = { 0, 0, 0, 0, 0, 1 };
	float y, dx[6];
	avgpool_fwd(&w, 2, 3, 1, x, &y);
	ck_assert_float_eq_tol(y, 4, 1e-6f);
	maxpool_fwd(&w, 2, 3, 1, x, &y);
	ck_assert_float_eq(y, 10);
	maxpool_bwd(&w, 2, 3, 1, x, &one, dx);
	same("dx", dx, want, 6);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ pools_are_golden, TEST_ROWS(golden) },
		{ average_counts_real_pixels_only, 0 },
		{ padding_is_never_the_maximum, 0 },
		{ gradient_goes_to_the_first_of_equal_maxima, 0 },
		{ nan_comes_through_the_maximum, 0 },
		{ window_of_the_image_is_global, 0 },
		{ NULL, 0 },
	};
	return test_run_cases("pool", cases);
}
