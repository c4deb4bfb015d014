/* Conv kernels: the backend's against the plain ones, all three passes; both
 * against a sum in double, and their gradients by the adjoint identity
 * <dy, conv(x, w)> = <x, dx> = <w, dw>, which holds for a bilinear map. And the
 * check at start: libraries that multiply wrongly are refused. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "kernel/conv.h"
#include "lib/noise.h"
#include "lib/plugin.h"
#include "lib/program.h"
#include "lib/sanitizer.h"

static const struct rnf_conv_shape shapes[] = {
	{ .h = 8, .w = 8, .c = 16, .k = 16, .groups = 1, .window = { 3, 3, 1, 1, 1, 8, 8 } },
	{ .h = 32, .w = 32, .c = 3, .k = 17, .groups = 1, .window = { 3, 3, 1, 1, 1, 32, 32 } },
	{ .h = 8, .w = 8, .c = 5, .k = 7, .groups = 1, .window = { 3, 3, 2, 0, 0, 4, 4 } },
	{ .h = 7, .w = 9, .c = 4, .k = 6, .groups = 1, .window = { 3, 3, 2, 1, 1, 4, 5 } },
	{ .h = 9, .w = 8, .c = 2, .k = 3, .groups = 1, .window = { 5, 4, 1, 0, 0, 5, 5 } },
	{ .h = 6, .w = 6, .c = 64, .k = 17, .groups = 1, .window = { 1, 1, 1, 0, 0, 6, 6 } },
	{ .h = 6, .w = 6, .c = 3, .k = 4, .groups = 1, .window = { 1, 1, 2, 0, 0, 3, 3 } },
	{ .h = 1, .w = 1, .c = 1, .k = 1, .groups = 1, .window = { 3, 3, 1, 1, 1, 1, 1 } },
	{ .h = 1, .w = 1, .c = 64, .k = 17, .groups = 1, .window = { 5, 4, 2, 2, 1, 1, 1 } },
	{ .h = 11, .w = 7, .c = 17, .k = 3, .groups = 1, .window = { 5, 4, 1, 2, 1, 11, 7 } },
	{ .h = 9, .w = 8, .c = 3, .k = 64, .groups = 1, .window = { 5, 4, 2, 2, 1, 5, 4 } },
	{ .h = 2, .w = 2, .c = 3, .k = 2, .groups = 1, .window = { 5, 5, 1, 2, 2, 2, 2 } },
	{ .h = 33, .w = 31, .c = 17, .k = 64, .groups = 1, .window = { 3, 3, 1, 1, 1, 33, 31 } },
	{ .h = 33, .w = 31, .c = 64, .k = 1, .groups = 1, .window = { 3, 3, 2, 1, 1, 17, 16 } },
	{ .h = 6, .w = 5, .c = 8, .k = 12, .groups = 4, .window = { 3, 3, 1, 1, 1, 6, 5 } },
	{ .h = 8, .w = 8, .c = 32, .k = 32, .groups = 16, .window = { 3, 3, 2, 0, 0, 4, 4 } },
	{ .h = 4, .w = 4, .c = 6, .k = 6, .groups = 6, .window = { 3, 3, 1, 1, 1, 4, 4 } },
};

/* Tensors of one conv; x [h][w][c], w [taps][c / groups][k], y [oh][ow][k]. */
struct tensors {
	int64_t nx, nw, ny;
	float *x, *w, *y, *dy, *dx, *dw;
};

static struct tensors make(const struct rnf_conv_shape *s)
{
	struct tensors t = {
		.nx = s->h * s->w * s->c,
		.nw = s->window.kernel_h * s->window.kernel_w * s->c / s->groups * s->k,
		.ny = s->window.out_h * s->window.out_w * s->k };
	t.x = test_noise(t.nx, 1);
	t.w = test_noise(t.nw, 2);
	t.dy = test_noise(t.ny, 3);
	t.y = test_noise(t.ny, 4); /* what kernels must overwrite */
	t.dx = test_noise(t.nx, 5);
	t.dw = test_noise(t.nw, 6);
	return t;
}

static void destroy(struct tensors *t)
{
	float *all[] = { t->x, t->w, t->y, t->dy, t->dx, t->dw };
	for (int i = 0; i < 6; i++)
		free(all[i]);
}

typedef rnf_status (*choose_fn)(const struct rnf_conv_shape *, struct rnf_kernel *);

static rnf_status openblas(const struct rnf_conv_shape *s, struct rnf_kernel *k)
{
	static const struct rnf_backend_impl *impl;
	static void *self;
	if (!impl) {
		impl = test_feature("backend", "openblas")->impl;
		ck_assert_msg(impl->open(&rnf_host, NULL, &self) == RNF_OK, "%s",
			      rnf_fail_words());
	}
	return impl->conv(self, &rnf_host, s, k);
}

/* One pass; 0 when the backend leaves it to the core. */
static int run(choose_fn choose, struct rnf_conv_shape s, enum rnf_step_kind kind,
	       const float *a, const float *b, float *out, int first)
{
	struct rnf_kernel kernel = { 0 };
	s.kind = kind;
	const rnf_status status = choose(&s, &kernel);
	if (status == RNF_EUNSUP) return 0;
	ck_assert_int_eq(status, RNF_OK);
	float *scratch = malloc(kernel.scratch_bytes + 1);
	memset(scratch, 0xff, kernel.scratch_bytes); /* NaN: written before it is read */
	kernel.run(kernel.state, &(struct rnf_step_io){
		.in = { a, b }, .out = out, .scratch = scratch, .first = first });
	free(scratch);
	return 1;
}

static double reference(const struct rnf_conv_shape *s, const struct tensors *t,
			int64_t oy, int64_t ox, int64_t o)
{
	const struct rnf_window *w = &s->window;
	const int64_t d = s->c / s->groups, group = o / (s->k / s->groups);
	double sum = 0;
	for (int64_t ky = 0; ky < w->kernel_h; ky++)
		for (int64_t kx = 0; kx < w->kernel_w; kx++) {
			const int64_t y = oy * w->stride + ky - w->pad_top;
			const int64_t x = ox * w->stride + kx - w->pad_left;
			if (y < 0 || y >= s->h || x < 0 || x >= s->w) continue;
			for (int64_t j = 0; j < d; j++)
				sum += (double)t->x[(y * s->w + x) * s->c + group * d + j] *
				       t->w[((ky * w->kernel_w + kx) * d + j) * s->k + o];
		}
	return sum;
}

static double inner(int64_t n, const float *a, const float *b)
{
	double sum = 0;
	for (int64_t i = 0; i < n; i++)
		sum += (double)a[i] * b[i];
	return sum;
}

static void check(choose_fn choose, const struct rnf_conv_shape *s)
{
	struct tensors t = make(s);
	if (run(choose, *s, RNF_STEP_CONV_FWD, t.x, t.w, t.y, 1)) {
		for (int64_t i = 0; i < t.ny; i++) {
			const int64_t p = i / s->k, ow = s->window.out_w;
			const double want = reference(s, &t, p / ow, p % ow, i % s->k);
			if (!(fabs(t.y[i] - want) <= 2e-5))
				ck_abort_msg("y[%d] is %.9g, not %.9g", (int)i, t.y[i], want);
		}
		const double product = inner(t.ny, t.dy, t.y);
		run(choose, *s, RNF_STEP_CONV_BWD_DATA, t.dy, t.w, t.dx, 1);
		ck_assert_double_eq_tol(inner(t.nx, t.x, t.dx), product, 2e-4);
		run(choose, *s, RNF_STEP_CONV_BWD_WEIGHTS, t.x, t.dy, t.dw, 1);
		ck_assert_double_eq_tol(inner(t.nw, t.w, t.dw), product, 2e-4);
		/* the second image of a leaf is added */
		run(choose, *s, RNF_STEP_CONV_BWD_WEIGHTS, t.x, t.dy, t.dw, 0);
		ck_assert_double_eq_tol(inner(t.nw, t.w, t.dw), 2 * product, 4e-4);
	}
	destroy(&t);
}

START_TEST(plain_kernels_are_right)
{
	check(rnf_conv_plain, &shapes[_i]);
}
END_TEST

START_TEST(openblas_kernels_are_right)
{
	check(openblas, &shapes[_i]);
}
END_TEST

/* Both are sums of `terms` products below 1/4, in orders of their own. */
static void same(const char *what, int64_t n, const float *got, const float *want,
		 int64_t terms)
{
	const float tolerance = 4 * FLT_EPSILON * sqrtf((float)terms);
	for (int64_t i = 0; i < n; i++)
		if (!(fabsf(got[i] - want[i]) <= tolerance))
			ck_abort_msg("%s[%d] is %.9g, plain says %.9g", what, (int)i,
				     (double)got[i], (double)want[i]);
}

static void run_all(choose_fn choose, const struct rnf_conv_shape *s,
		    const struct tensors *t)
{
	run(choose, *s, RNF_STEP_CONV_FWD, t->x, t->w, t->y, 1);
	run(choose, *s, RNF_STEP_CONV_BWD_DATA, t->dy, t->w, t->dx, 1);
	run(choose, *s, RNF_STEP_CONV_BWD_WEIGHTS, t->x, t->dy, t->dw, 1);
}

START_TEST(openblas_gives_the_values_of_plain)
{
	const struct rnf_conv_shape *s = &shapes[_i];
	if (s->groups != 1) return; /* see grouped_convs_are_left_to_the_core */
	const int64_t taps = s->window.kernel_h * s->window.kernel_w;
	const int64_t pixels = s->window.out_h * s->window.out_w;
	struct tensors a = make(s), b = make(s);
	memset(b.y, 0xff, (size_t)b.ny * sizeof *b.y); /* NaN: all is overwritten */
	memset(b.dx, 0xff, (size_t)b.nx * sizeof *b.dx);
	memset(b.dw, 0xff, (size_t)b.nw * sizeof *b.dw);
	run_all(rnf_conv_plain, s, &a);
	run_all(openblas, s, &b);
	same("y", a.ny, b.y, a.y, taps * s->c);
	same("dx", a.nx, b.dx, a.dx, taps * s->k);
	same("dw", a.nw, b.dw, a.dw, pixels);
	destroy(&a);
	destroy(&b);
}
END_TEST

START_TEST(grouped_convs_are_left_to_the_core)
{
	int grouped = 0;
	for (int i = 0; i < TEST_ROWS(shapes); i++)
		for (int kind = 0; kind <= RNF_STEP_CONV_BWD_WEIGHTS; kind++) {
			struct rnf_conv_shape s = shapes[i];
			struct rnf_kernel kernel = { 0 };
			s.kind = (enum rnf_step_kind)kind;
			const rnf_status status = openblas(&s, &kernel);
			ck_assert_int_eq(status, s.groups == 1 ? RNF_OK : RNF_EUNSUP);
			ck_assert(s.groups != 1 || kernel.run != NULL);
			grouped += s.groups != 1;
		}
	ck_assert_int_gt(grouped, 0);
}
END_TEST

/* -- libraries in place of OpenBLAS -- */

/* 112: CblasTrans. At its end the library tells that it was asked. */
static const char fake_source[] =
	"#include <stdio.h>\n"
	"static int products;\n"
	"void openblas_set_num_threads(int n) { (void)n; }\n"
	"char *openblas_get_corename(void) { return \"a fake\"; }\n"
	"void cblas_sgemm(int order, int ta, int tb, int m, int n, int k, float alpha,\n"
	"	const float *a, int lda, const float *b, int ldb, float beta, float *c,\n"
	"	int ldc)\n"
	"{\n"
	"	(void)order, products++;\n"
	"	for (int i = 0; i < m; i++)\n"
	"		for (int j = 0; j < n; j++) {\n"
	"			float *y = &c[i * ldc + j], old = *y, sum = 0;\n"
	"			for (int l = 0; l < k; l++)\n"
	"				sum += (ta == 112 ? a[l * lda + i] : a[i * lda + l]) *\n"
	"				       (tb == 112 ? b[j * ldb + l] : b[l * ldb + j]);\n"
	"			*y = alpha * sum + (beta == 0 ? 0 : beta * *y);\n"
	"			(void)old;\n"
	"			FAULT;\n"
	"		}\n"
	"}\n"
	"__attribute__((destructor)) static void tell(void)\n"
	"{\n"
	"	if (products) fprintf(stderr, \"%d fake products\\n\", products);\n"
	"}\n";

/* What goes wrong, and the product that shows it first. */
static const struct { const char *fault, *words; } faults[] = {
	{ "*y += 0x1p-10f", "64 x 144 and 144 x 16 is wrong" },
	{ "if (i == m - 1 && j == n - 1 && m == 7) *y = 0", "7 x 5 and 5 x 13 is wrong" },
	{ "if (k > 500) *y += 1", "56 x 576 and 576 x 64 is wrong" },
	{ "if (tb == 112) *y = -*y", "64 x 144 and 144 x 16 (transposed) is wrong" },
	{ "if (ta == 112 && beta == 0) *y = -*y",
	  "64 x 144 (transposed) and 144 x 16 is wrong" },
	{ "if (beta == 1) *y = sum", "64 x 144 (transposed) and 144 x 16 is wrong" },
	{ "*y += 0 * old", "64 x 144 and 144 x 16 is wrong" }, /* NaN is read */
};

static void build_fake(const char *folder, const char *fault)
{
	char path[512], command[1200];
	snprintf(path, sizeof path, "%s/fake.c", folder);
	FILE *file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fprintf(file, "#define FAULT %s\n%s", fault, fake_source);
	ck_assert_int_eq(fclose(file), 0);
	snprintf(command, sizeof command,
		 "${CC:-cc} -shared -fPIC -o '%s/fake.so' '%s'", folder, path);
	ck_assert_int_eq(system(command), 0);
}

/* Check ends the test at words that are much longer. */
#define SHOWN "%.2000s"

/* The program with that fake in front of OpenBLAS; its exit status. */
static int run_with_fake(const char *name, const char *fault, char *output, size_t size)
{
	const char *folder = test_folder(name);
	char library[512];
	build_fake(folder, fault);
	snprintf(library, sizeof library, "%s/fake.so", folder);
	ck_assert_int_eq(setenv("LD_PRELOAD", library, 1), 0);
	const int status = test_program(output, size,
		"plan --conf synthetic.cfg --set 'backend=\"openblas\"'");
	unsetenv("LD_PRELOAD");
	return status;
}

/* The runtime of a sanitizer must be loaded before every other library. */
static int skipped(void)
{
	const int sanitized = TEST_ASAN || TEST_TSAN;
	if (sanitized) puts("skipped: a sanitizer allows no LD_PRELOAD");
	return sanitized;
}

START_TEST(wrong_library_is_refused)
{
	char output[32768], name[32];
	if (skipped()) return;
	snprintf(name, sizeof name, "openblas_wrong%d", _i);
	const int status = run_with_fake(name, faults[_i].fault, output, sizeof output);
	ck_assert_msg(status == 2, "status %d: " SHOWN, status, output);
	ck_assert_msg(strstr(output, faults[_i].words), SHOWN, output);
	ck_assert_msg(strstr(output, "(a fake)"), SHOWN, output);
	ck_assert_msg(strstr(output, "OPENBLAS_CORETYPE="), SHOWN, output);
}
END_TEST

START_TEST(right_library_is_used)
{
	char output[32768];
	if (skipped()) return;
	const int status = run_with_fake("openblas_right", "", output, sizeof output);
	ck_assert_msg(status == 0, "status %d: " SHOWN, status, output);
	ck_assert_msg(strstr(output, "im2col+gemm"), SHOWN, output);
	ck_assert_msg(strstr(output, "fake products"), "OpenBLAS was used");
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ plain_kernels_are_right, TEST_ROWS(shapes) },
		{ openblas_kernels_are_right, TEST_ROWS(shapes) },
		{ openblas_gives_the_values_of_plain, TEST_ROWS(shapes) },
		{ grouped_convs_are_left_to_the_core, 0 },
		{ wrong_library_is_refused, TEST_ROWS(faults) },
		{ right_library_is_used, 0 },
		{ NULL, 0 },
	};
	return test_run_cases("openblas", cases);
}
