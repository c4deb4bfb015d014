#include "lib/plugin.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "conf/conf.h"

static const char *told;

static void tell(void *context, const char *path, const struct rnf_conf *a,
		 const struct rnf_conf *b)
{
	(void)context;
	told = rnf_format("%s%s: %s, %s; ", told, path, rnf_conf_words(a), rnf_conf_words(b));
}

static const struct {
	const char *a, *b, *told;
} rows[] = {
	{ "x = 1;", "x = 1.0;", "" },
	{ "x = 1;", "x = 2;", "x: 1, 2; " },
	{ "x = 0.5;", "x = true;", "x: 0.5, true; " },
	{ "x = \"1\";", "x = 1;", "x: \"1\", 1; " },
	{ "act = \"mish\";", "act = { type = \"mish\"; };", "" },
	{ "act = \"mish\";", "act = { type = \"relu\"; a = 1; };",
	  "act.type: \"mish\", \"relu\"; act.a: not set, 1; " },
	{ "a = { b = 1; c = 2; };", "a = { c = 2; d = 3; };",
	  "a.b: 1, not set; a.d: not set, 3; " },
	{ "l = ( 1, { x = 2; } );", "l = [ 1, 5 ];", "l[1]: { ... }, 5; " },
	{ "l = ( { x = 2; }, { x = 3; } );", "l = ( { x = 2; }, { x = 4; }, { x = 5; } );",
	  "l[1].x: 3, 4; l[2]: not set, { ... }; " },
	{ "x = 1;", "x = 1; a = { type = \"se\"; n = 2; };", "a: not set, { type = \"se\"; ... }; " },
	{ "l = ( 1 );", "l = { x = 1; };", "l: a list of 1, { ... }; " },
};

START_TEST(differences_are_told_by_path)
{
	struct rnf_conf *a = NULL, *b = NULL;
	ck_assert_int_eq(rnf_conf_parse("a", rows[_i].a, &a), RNF_OK);
	ck_assert_int_eq(rnf_conf_parse("b", rows[_i].b, &b), RNF_OK);
	told = "";
	rnf_conf_compare(a, b, tell, NULL);
	ck_assert_str_eq(told, rows[_i].told);
	told = "";
	rnf_conf_compare(a, rnf_conf_copy(a, NULL), tell, NULL);
	ck_assert_str_eq(told, "");
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ differences_are_told_by_path, TEST_ROWS(rows) }, { NULL, 0 },
	};
	return test_run_cases("conf/compare", cases);
}
