/* The plain conv kernels, every element of all three passes: against seven loops
 * in double over many shapes, and against golden cases of PyTorch. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/conv.h"
#include "lib/golden.h"
#include "lib/noise.h"
#include "lib/plugin.h"

/* Of golden tensors, which are normals: larger than the noise of the other test. */
#define TOLERANCE 2e-5

static const struct { int64_t c, k, groups; } channels[] = {
	{ 1, 1, 1 }, { 1, 64, 1 }, { 3, 17, 1 }, { 17, 3, 1 }, { 64, 64, 1 },
	{ 6, 6, 6 }, { 8, 12, 4 }, { 12, 8, 4 }, { 32, 32, 16 }, { 128, 128, 16 },
};
static const struct { int64_t h, w, kernel_h, kernel_w, stride, same; } windows[] = {
	{ 1, 1, 1, 1, 1, 1 }, { 1, 1, 3, 3, 1, 1 }, { 1, 1, 5, 4, 2, 1 },
	{ 7, 9, 3, 3, 1, 1 }, { 8, 6, 3, 3, 2, 1 }, { 7, 9, 3, 3, 2, 1 },
	{ 7, 8, 5, 4, 1, 1 }, { 9, 8, 5, 4, 1, 0 }, { 9, 8, 5, 4, 2, 1 },
	{ 5, 6, 1, 1, 1, 1 }, { 5, 6, 1, 1, 2, 1 }, { 2, 2, 5, 5, 1, 1 },
	{ 9, 9, 2, 3, 3, 0 },
};
static const char *const golden[] = {
	"conv_same_s1", "conv_same_s1_rgb", "conv_same_s2_even", "conv_same_s2_odd",
	"conv_same_5x4", "conv_valid_5x4", "conv_1x1", "conv_grouped",
	"conv_grouped_s2",
};

/* Output size and zeros before, as Keras does: the odd zero goes behind. */
static int64_t place(int64_t n, int64_t kernel, int64_t stride, int64_t same,
		     int64_t *before)
{
	const int64_t out = same ? (n + stride - 1) / stride : (n - kernel) / stride + 1;
	const int64_t zeros = (out - 1) * stride + kernel - n;
	*before = same && zeros > 0 ? zeros / 2 : 0;
	return out;
}

static void place_window(struct rnf_conv_shape *s, int64_t same)
{
	struct rnf_window *w = &s->window;
	w->out_h = place(s->h, w->kernel_h, w->stride, same, &w->pad_top);
	w->out_w = place(s->w, w->kernel_w, w->stride, same, &w->pad_left);
}

static struct rnf_conv_shape shape_of(int a, int b)
{
	struct rnf_conv_shape s = {
		.h = windows[b].h, .w = windows[b].w, .c = channels[a].c,
		.k = channels[a].k, .groups = channels[a].groups,
		.window = { .kernel_h = windows[b].kernel_h,
			    .kernel_w = windows[b].kernel_w,
			    .stride = windows[b].stride } };
	place_window(&s, windows[b].same);
	return s;
}

/* Floats of x, of the kernel and of y. */
static void count(const struct rnf_conv_shape *s, int64_t n[3])
{
	n[0] = s->h * s->w * s->c;
	n[1] = s->window.kernel_h * s->window.kernel_w * s->c / s->groups * s->k;
	n[2] = s->window.out_h * s->window.out_w * s->k;
}

/* What goes in, and the sums of all three passes. */
struct naive {
	const float *x, *kernel, *dy;
	double *y, *dx, *dkernel;
};

static void naive_tap(const struct rnf_conv_shape *s, struct naive *t, int64_t in,
		      int64_t out, int64_t tap)
{
	const int64_t d = s->c / s->groups, per = s->k / s->groups;
	for (int64_t g = 0; g < s->groups; g++)
		for (int64_t o = g * per; o < (g + 1) * per; o++)
			for (int64_t j = 0; j < d; j++) {
				const int64_t x = in * s->c + g * d + j;
				const int64_t k = (tap * d + j) * s->k + o;
				const int64_t y = out * s->k + o;
				t->y[y] += (double)t->x[x] * t->kernel[k];
				t->dx[x] += (double)t->dy[y] * t->kernel[k];
				t->dkernel[k] += (double)t->x[x] * t->dy[y];
			}
}

static void naive(const struct rnf_conv_shape *s, struct naive *t)
{
	const struct rnf_window *w = &s->window;
	for (int64_t oy = 0; oy < w->out_h; oy++)
		for (int64_t ox = 0; ox < w->out_w; ox++)
			for (int64_t ky = 0; ky < w->kernel_h; ky++)
				for (int64_t kx = 0; kx < w->kernel_w; kx++) {
					const int64_t y = oy * w->stride + ky - w->pad_top;
					const int64_t x = ox * w->stride + kx - w->pad_left;
					if (y < 0 || y >= s->h || x < 0 || x >= s->w)
						continue;
					naive_tap(s, t, y * s->w + x, oy * w->out_w + ox,
						  ky * w->kernel_w + kx);
				}
}

/* One pass. The scratch is full of NaN, and has its exact size for sanitizers. */
static void run(struct rnf_conv_shape s, enum rnf_step_kind kind, const float *a,
		const float *b, float *out, int first)
{
	struct rnf_kernel kernel = { 0 };
	s.kind = kind;
	ck_assert_int_eq(rnf_conv_plain(&s, &kernel), RNF_OK);
	ck_assert_str_eq(kernel.name, "plain");
	float *scratch = malloc(kernel.scratch_bytes + 1);
	memset(scratch, 0xff, kernel.scratch_bytes);
	kernel.run(kernel.state, &(struct rnf_step_io){
		.in = { a, b }, .out = out, .scratch = scratch, .first = first });
	free(scratch);
}

/* got = times * want, of sums of `terms` products below 1/4, added one by one. */
static void same(const char *what, const struct rnf_conv_shape *s, int64_t n,
		 const float *got, const double *want, double times, int64_t terms)
{
	const double tolerance = 4 * FLT_EPSILON * times * sqrt((double)terms);
	const struct rnf_window *w = &s->window;
	for (int64_t i = 0; i < n; i++)
		if (!(fabs(got[i] - times * want[i]) <= tolerance))
			ck_abort_msg("%s[%d] is %.9g, not %.9g (%dx%dx%d to %d, %dx%d/%d)",
				     what, (int)i, got[i], times * want[i], (int)s->h,
				     (int)s->w, (int)s->c, (int)s->k, (int)w->kernel_h,
				     (int)w->kernel_w, (int)w->stride);
}

static void check_passes(const struct rnf_conv_shape *s, const struct naive *t,
			 const int64_t n[3])
{
	const int64_t taps = s->window.kernel_h * s->window.kernel_w;
	const int64_t pixels = s->window.out_h * s->window.out_w;
	/* what the kernels must overwrite */
	float *y = test_noise(n[2], 4), *dx = test_noise(n[0], 5);
	float *dkernel = test_noise(n[1], 6);
	run(*s, RNF_STEP_CONV_FWD, t->x, t->kernel, y, 1);
	same("y", s, n[2], y, t->y, 1, taps * s->c / s->groups);
	run(*s, RNF_STEP_CONV_BWD_DATA, t->dy, t->kernel, dx, 1);
	same("dx", s, n[0], dx, t->dx, 1, taps * s->k / s->groups);
	run(*s, RNF_STEP_CONV_BWD_WEIGHTS, t->x, t->dy, dkernel, 1);
	same("dkernel", s, n[1], dkernel, t->dkernel, 1, pixels);
	run(*s, RNF_STEP_CONV_BWD_WEIGHTS, t->x, t->dy, dkernel, 0);
	same("dkernel added", s, n[1], dkernel, t->dkernel, 2, pixels);
	free(y);
	free(dx);
	free(dkernel);
}

static void check_shape(const struct rnf_conv_shape *s)
{
	int64_t n[3];
	count(s, n);
	float *x = test_noise(n[0], 1), *kernel = test_noise(n[1], 2);
	float *dy = test_noise(n[2], 3);
	double *sums = calloc((size_t)(n[0] + n[1] + n[2]), sizeof *sums);
	struct naive t = { x, kernel, dy, sums, sums + n[2], sums + n[2] + n[0] };
	naive(s, &t);
	check_passes(s, &t, n);
	free(x);
	free(kernel);
	free(dy);
	free(sums);
}

START_TEST(all_passes_are_the_seven_loops)
{
	for (int i = 0; i < TEST_ROWS(windows); i++) {
		const struct rnf_conv_shape s = shape_of(_i, i);
		check_shape(&s);
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
	place_window(&s, strstr(name, "valid") == NULL);
	ck_assert(s.window.out_h == y[1] && s.window.out_w == y[2]);
	ck_assert_int_eq(s.c, kernel[2] * s.groups);
	*images = x[0];
	return s;
}

START_TEST(all_passes_are_golden)
{
	const char *name = golden[_i];
	int64_t images, n[3];
	const struct rnf_conv_shape s = golden_shape(name, &images);
	count(&s, n);
	const float *x = golden_op(name, "x", NULL), *dy = golden_op(name, "dy", NULL);
	const float *kernel = golden_op(name, "kernel", NULL);
	float *y = test_noise(n[2], 4), *dx = test_noise(n[0], 5);
	float *dkernel = test_noise(n[1], 6);
	for (int64_t i = 0; i < images; i++) {
		run(s, RNF_STEP_CONV_FWD, x + i * n[0], kernel, y, 1);
		golden_check(name, "y", y, i * n[2], n[2], TOLERANCE);
		run(s, RNF_STEP_CONV_BWD_DATA, dy + i * n[2], kernel, dx, 1);
		golden_check(name, "dx", dx, i * n[0], n[0], TOLERANCE);
		run(s, RNF_STEP_CONV_BWD_WEIGHTS, x + i * n[0], dy + i * n[2], dkernel,
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
		{ all_passes_are_the_seven_loops, TEST_ROWS(channels) },
		{ all_passes_are_golden, TEST_ROWS(golden) },
		{ NULL, 0 },
	};
	return test_run_cases("conv", cases);
}
