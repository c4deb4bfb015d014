/* What every backend must keep, over all shapes and all three passes: values close to
 * sums in double, the same bits each time, and no byte written outside of what the core
 * lends. What it leaves to the core is not tested. */
#include "lib/convs.h"
#include "lib/built.h"

/* Opening a backend may take longer than a shape: a case has a few shapes. */
enum { CASES = 12 };
static int first; /* shape of the running case */

/* As the core asks: a backend that cannot run here is not opened. */
static int runs_here(const struct test_built *f)
{
	const struct rnf_backend_impl *impl = f->plugin->features[0].impl;
	return impl->score() > 0;
}

static void check_values(const struct test_built *f)
{
	if (!runs_here(f)) return;
	const struct test_convs by = test_convs_open(&f->plugin->features[0]);
	for (int i = first; i < test_conv_shapes(); i += CASES) {
		const struct rnf_conv_shape s = test_conv_shape(i);
		test_conv_check(&by, &s);
	}
}

START_TEST(all_passes_are_right)
{
	first = _i;
	test_each("backend", check_values);
}
END_TEST

static void check_repeats(const struct test_built *f)
{
	if (!runs_here(f)) return;
	const struct test_convs by = test_convs_open(&f->plugin->features[0]);
	for (int i = 0; i < test_conv_shapes(); i++) {
		const struct rnf_conv_shape s = test_conv_shape(i);
		test_conv_repeats(&by, &by, &s);
	}
}

START_TEST(two_calls_give_the_same_bits)
{
	test_each("backend", check_repeats);
}
END_TEST

/* Otherwise the cases above would test nothing. */
static void check_takes(const struct test_built *f)
{
	if (!runs_here(f)) return;
	const struct rnf_conv_shape s = test_conv_shape(1); /* 32x32x16 -> 16, 3x3 */
	const struct test_convs by = test_convs_open(&f->plugin->features[0]);
	ck_assert_msg(test_conv_check(&by, &s) == 3, "%s leaves dense convs to the core",
		      f->name);
}

START_TEST(each_backend_takes_dense_convs)
{
	test_each("backend", check_takes);
}
END_TEST

/* A backend without a peak leaves the function out, or returns 0. */
static void check_peak(const struct test_built *f)
{
	if (!runs_here(f)) return;
	const struct test_convs by = test_convs_open(&f->plugin->features[0]);
	for (int i = 0; rnf_precision_words[i]; i++) {
		const double peak = by.impl->peak ?
			by.impl->peak(by.self, (enum rnf_precision)i) : 0;
		ck_assert_msg(peak == 0 || (peak > 1e8 && peak < 1e13),
			      "%s, %s: %g operations a second", f->name,
			      rnf_precision_words[i], peak);
	}
}

START_TEST(peaks_are_those_of_a_processor)
{
	test_each("backend", check_peak);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ all_passes_are_right, CASES },
		{ two_calls_give_the_same_bits, 0 },
		{ each_backend_takes_dense_convs, 0 },
		{ peaks_are_those_of_a_processor, 0 },
		{ NULL, 0 },
	};
	return test_run_cases("backends", cases);
}
