/* Formulas: what plugins hand over, and what of it is refused. */
#include <string.h>

#include "base/status.h"
#include "lib/plugin.h"
#include "op/formula.h"

START_TEST(a_formula_ends_with_its_result)
{
	struct rnf_formula_writer w;
	struct rnf_formula_list list;
	rnf_formula_begin(&w, 2);
	const int32_t product = w.f.apply(&w.f, RNF_FN_MUL, 0, 1);
	const int32_t sum = w.f.apply(&w.f, RNF_FN_ADD, product, w.f.number(&w.f, 3));
	w.f.number(&w.f, 5); /* nobody reads it */
	ck_assert_int_eq(rnf_formula_end(&w, sum, "test", &list), RNF_OK);
	ck_assert_uint_eq(list.n, 5);
	ck_assert_int_eq(list.at[4].function, RNF_FN_ADD);
	ck_assert_double_eq(rnf_formula_value(&list, (const double[]){ 2, 7 }), 17);
}
END_TEST

START_TEST(no_result_is_no_formula)
{
	struct rnf_formula_writer w;
	struct rnf_formula_list list;
	rnf_formula_begin(&w, 1);
	ck_assert_int_eq(rnf_formula_end(&w, -1, "test", &list), RNF_OK);
	ck_assert_uint_eq(list.n, 0);
}
END_TEST

static const struct { int32_t function, a, b, result; } bad[] = {
	{ RNF_FN_ADD, 0, 7, 1 }, { RNF_FN_ADD, -1, 0, 1 }, { RNF_FN_EXP, 1, 0, 1 },
	{ RNF_FN_NUMBER, 0, 0, 1 }, { RNF_FN_IN, 0, 0, 1 }, { RNF_FUNCTIONS, 0, 0, 1 },
	{ RNF_FN_EXP, 0, 0, 2 },
};

START_TEST(terms_that_are_none_are_refused)
{
	struct rnf_formula_writer w;
	struct rnf_formula_list list;
	rnf_formula_begin(&w, 1);
	w.f.apply(&w.f, (enum rnf_function)bad[_i].function, bad[_i].a, bad[_i].b);
	ck_assert_int_eq(rnf_formula_end(&w, bad[_i].result, "layer.x", &list), RNF_EPLUGIN);
	ck_assert_ptr_nonnull(strstr(rnf_fail_words(), "layer.x: its formula"));
}
END_TEST

START_TEST(numbers_are_finite)
{
	struct rnf_formula_writer w;
	struct rnf_formula_list list;
	rnf_formula_begin(&w, 0);
	const int32_t y = w.f.number(&w.f, 1.0 / 0.0);
	ck_assert_int_eq(rnf_formula_end(&w, y, "x", &list), RNF_EPLUGIN);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ a_formula_ends_with_its_result, 0 },
		{ no_result_is_no_formula, 0 },
		{ terms_that_are_none_are_refused, TEST_ROWS(bad) },
		{ numbers_are_finite, 0 },
		{ NULL, 0 },
	};
	return test_run_cases("formula", cases);
}
