/* openblas: what it leaves to the core, and the check at start: libraries that multiply
 * wrongly are refused. Its values: tests/contract/backends.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "lib/convs.h"
#include "lib/plugin.h"
#include "lib/program.h"
#include "lib/sanitizer.h"

START_TEST(grouped_convs_are_left_to_the_core)
{
	const struct test_convs by = test_convs_open(test_feature("backend", "openblas"));
	int grouped = 0;
	for (int i = 0; i < test_conv_shapes(); i++)
		for (int kind = 0; kind <= RNF_CONV_BWD_WEIGHTS; kind++) {
			struct rnf_conv_shape s = test_conv_shape(i);
			struct rnf_kernel kernel = { 0 };
			s.kind = (enum rnf_conv_kind)kind;
			const rnf_status status =
				by.impl->conv(by.self, &rnf_host, &s, &kernel);
			ck_assert_int_eq(status, s.groups == 1 ? RNF_OK : RNF_EUNSUP);
			grouped += s.groups != 1;
		}
	ck_assert_int_gt(grouped, 0);
}
END_TEST

/* -- libraries in place of OpenBLAS -- */

/* 112: CblasTrans. At its end the library reports that it was called. */
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

static void build_fake(const char *folder, const char *library, const char *define)
{
	char path[512];
	snprintf(path, sizeof path, "%s/fake.c", folder);
	FILE *file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fprintf(file, "#define %s\n%s", define, fake_source);
	ck_assert_int_eq(fclose(file), 0);
	test_shell("${CC:-cc} -shared -fPIC -o '%s/%s' '%s'", folder, library, path);
}

static const char command[] = "plan --phases --conf synthetic.cfg --set 'backend=\"openblas\"'";

/* Check ends the test at much longer messages. */
#define SHOWN "%.2000s"

/* The program with that fake in front of OpenBLAS; its exit status. */
static int run_with_fake(const char *name, const char *fault, char *output, size_t size)
{
	const char *folder = test_folder(name);
	char library[512], define[128];
	snprintf(define, sizeof define, "FAULT %s", fault);
	build_fake(folder, "fake.so", define);
	snprintf(library, sizeof library, "%s/fake.so", folder);
	ck_assert_int_eq(setenv("LD_PRELOAD", library, 1), 0);
	const int status = test_program(output, size, command);
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

/* A library of that name that lacks one of the functions. */
static const char *const lacking[] = {
	"cblas_sgemm", "openblas_get_corename", "openblas_set_num_threads",
};

START_TEST(another_library_is_refused)
{
	char output[32768], define[128];
	const char *folder = test_folder(rnf_format("openblas_lacks%d", _i));
	snprintf(define, sizeof define, "FAULT\n#define %s other", lacking[_i]);
	build_fake(folder, "libopenblas.so.0", define);
	ck_assert_int_eq(setenv("LD_LIBRARY_PATH", folder, 1), 0);
	const int status = test_program(output, sizeof output, command);
	unsetenv("LD_LIBRARY_PATH");
	ck_assert_msg(status == 2, "status %d: " SHOWN, status, output);
	ck_assert_msg(strstr(output, "libopenblas.so.0 is no OpenBLAS"), SHOWN, output);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ grouped_convs_are_left_to_the_core, 0 },
		{ wrong_library_is_refused, TEST_ROWS(faults) },
		{ right_library_is_used, 0 },
		{ another_library_is_refused, TEST_ROWS(lacking) },
		{ NULL, 0 },
	};
	return test_run_cases("openblas", cases);
}
