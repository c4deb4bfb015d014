#include "study/where.h"

#include <string.h>

#include "base/status.h"
#include "lib/plugin.h"

static const struct { const char *where, *value; int holds; } rows[] = {
	{ "a>0.1", "0.2", 1 }, { "a>0.1", "0.1", 0 }, { "a >= 0.1", "0.10", 1 },
	{ "a<1e-3", "0.0005", 1 }, { "a<=2", "10", 0 }, /* not as texts */
	{ "a=1", "1.0", 1 }, { "a==1", "2", 0 }, { "a!=1", "2", 1 }, { "a!=1", "1.0", 0 },
	{ "a=mish", "mish", 1 }, { "a=\"mish\"", "mish", 1 }, { "a!=mish", "relu", 1 },
	{ "a>2026-11", "2026-12-01", 1 }, { "a<2026-11", "2026-12-01", 0 },
	{ "a=1", NULL, 0 }, { "a!=1", NULL, 0 }, { "a=1", "", 0 }, { "a>x", "1", 0 },
};

START_TEST(conditions)
{
	struct rnf_where w;
	ck_assert_int_eq(rnf_where_read(&w, rows[_i].where), RNF_OK);
	ck_assert_str_eq(w.key, "a");
	ck_assert_int_eq(rnf_where_holds(&w, rows[_i].value), rows[_i].holds);
}
END_TEST

static const char *const wrong[] = { "", "a", "a>", ">1", "a!", "a!1", " = " };

START_TEST(no_conditions)
{
	struct rnf_where w;
	ck_assert_int_eq(rnf_where_read(&w, wrong[_i]), RNF_EINVAL);
	ck_assert_ptr_nonnull(strstr(rnf_fail_words(), ": must be KEY, one of = != < <= > >="));
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ conditions, TEST_ROWS(rows) }, { no_conditions, TEST_ROWS(wrong) }, { NULL, 0 },
	};
	return test_run_cases("study/where", cases);
}
