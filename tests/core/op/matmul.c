/* The small dense products: golden cases of PyTorch with their bias, and all sizes
 * against sums in double. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "op/tile.h"
#include "lib/golden.h"
#include "lib/noise.h"
#include "lib/plugin.h"
#include "lib/rows.h"

/* Of golden tensors: sums of up to 65 products of normals. */
#define TOLERANCE 1e-5

static const char *const golden[] = { "matmul", "dense" };
static const struct { int64_t pixels, c, k; } sizes[] = {
	{ 1, 1, 1 }, { 1, 1, 17 }, { 1, 17, 1 }, { 3, 1, 5 }, { 1, 64, 10 },
	{ 5, 7, 3 }, { 13, 16, 33 }, { 40, 65, 31 },
};

/* What a pass overwrites is NaN before it. */
static float *nothing(int64_t n)
{
	float *data = malloc((size_t)n * sizeof *data);
	ck_assert_ptr_nonnull(data);
	memset(data, 0xff, (size_t)n * sizeof *data);
	return data;
}

static void fwd(int64_t pixels, int64_t c, int64_t k, const float *x, const float *w, float *y)
{
	test_row_image(&(struct test_image){ .row = "matmul", .x = { { pixels, 1, c } },
					     .y = { pixels, 1, k }, .first = 1 }, x, w, y);
}

static void bwd_data(int64_t pixels, int64_t c, int64_t k, const float *dy, const float *w,
		     float *dx)
{
	test_row_image(&(struct test_image){ .row = "matmul_bwd_data",
		.x = { { pixels, 1, k } }, .y = { pixels, 1, c }, .first = 1 }, dy, w, dx);
}

static void bwd_weights(int64_t pixels, int64_t c, int64_t k, const float *x, const float *dy,
			float *dw, int first)
{
	test_row_image(&(struct test_image){ .row = "matmul_bwd_weights",
		.x = { { pixels, 1, c }, { pixels, 1, k } }, .y = { 1, 1, c * k },
		.first = first }, x, dy, dw);
}

static void check_fwd(const char *name, int64_t image, const int64_t in[8], int64_t k)
{
	const int64_t pixels = in[1] * in[2], c = in[3];
	const float *x = golden_op(name, "x", NULL) + image * pixels * c;
	float *y = nothing(pixels * k);
	fwd(pixels, c, k, x, golden_op(name, "kernel", NULL), y);
	test_row_tile("bias", pixels, k, (const float *const[]){ y, golden_op(name, "bias", NULL) },
		      2, y);
	golden_check(name, "y", y, image * pixels * k, pixels * k, TOLERANCE);
	free(y);
}

/* dkernel and dbias gather the images. */
static void check_bwd(const char *name, int64_t image, const int64_t in[8], int64_t k,
		      float *dkernel, float *dbias)
{
	const int64_t pixels = in[1] * in[2], c = in[3];
	const float *x = golden_op(name, "x", NULL) + image * pixels * c;
	const float *dy = golden_op(name, "dy", NULL) + image * pixels * k;
	float *dx = nothing(pixels * c);
	bwd_data(pixels, c, k, dy, golden_op(name, "kernel", NULL), dx);
	golden_check(name, "dx", dx, image * pixels * c, pixels * c, TOLERANCE);
	bwd_weights(pixels, c, k, x, dy, dkernel, image == 0);
	rnf_sum_tile(pixels, k, dy, dbias);
	free(dx);
}

START_TEST(all_passes_are_golden)
{
	const char *name = golden[_i];
	int64_t in[8], kernel[8];
	golden_op(name, "x", in);
	golden_op(name, "kernel", kernel);
	const int64_t c = kernel[0], k = kernel[1];
	float *dkernel = nothing(c * k), *dbias = calloc((size_t)k, sizeof *dbias);
	ck_assert(in[3] == c && in[0] > 1);
	for (int64_t image = 0; image < in[0]; image++) {
		check_fwd(name, image, in, k);
		check_bwd(name, image, in, k, dkernel, dbias);
	}
	golden_check(name, "dkernel", dkernel, 0, c * k, TOLERANCE);
	golden_check(name, "dbias", dbias, 0, k, TOLERANCE);
	free(dkernel);
	free(dbias);
}
END_TEST

/* got[i][j] = times * sum over l of a[i * ai + l * al] b[j * bj + l * bl] */
struct product {
	const char *what;
	int64_t rows, columns, terms, ai, al, bj, bl;
};

static void check_product(const struct product *p, const float *a, const float *b,
			  double times, const float *got)
{
	/* products are below 1/4 and added one by one */
	const double tolerance = 4 * FLT_EPSILON * times * sqrt((double)p->terms);
	for (int64_t i = 0; i < p->rows; i++)
		for (int64_t j = 0; j < p->columns; j++) {
			const double have = got[i * p->columns + j];
			double sum = 0;
			for (int64_t l = 0; l < p->terms; l++)
				sum += (double)a[i * p->ai + l * p->al] *
				       b[j * p->bj + l * p->bl];
			if (!(fabs(have - times * sum) <= tolerance))
				ck_abort_msg("%s[%d][%d] is %.9g, not %.9g", p->what,
					     (int)i, (int)j, have, times * sum);
		}
}

START_TEST(all_sizes_are_sums_of_products)
{
	const int64_t n = sizes[_i].pixels, c = sizes[_i].c, k = sizes[_i].k;
	const struct product forward = { "y", n, k, c, c, 1, 1, k };
	const struct product data = { "dx", n, c, k, k, 1, k, 1 };
	const struct product weights = { "dw", c, k, n, 1, c, 1, k };
	float *x = test_noise(n * c, 1), *w = test_noise(c * k, 2);
	float *dy = test_noise(n * k, 3), *y = nothing(n * k);
	float *dx = nothing(n * c), *dw = nothing(c * k);
	fwd(n, c, k, x, w, y);
	check_product(&forward, x, w, 1, y);
	bwd_data(n, c, k, dy, w, dx);
	check_product(&data, dy, w, 1, dx);
	bwd_weights(n, c, k, x, dy, dw, 1);
	check_product(&weights, x, dy, 1, dw);
	bwd_weights(n, c, k, x, dy, dw, 0);
	check_product(&weights, x, dy, 2, dw);
	float *const all[] = { x, w, dy, y, dx, dw };
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		free(all[i]);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ all_passes_are_golden, TEST_ROWS(golden) },
		{ all_sizes_are_sums_of_products, TEST_ROWS(sizes) },
		{ NULL, 0 },
	};
	return test_run_cases("matmul", cases);
}
