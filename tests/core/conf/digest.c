#include "lib/plugin.h"

#include <string.h>

#include "conf/conf.h"

static uint64_t digest(const char *text, int (*skips)(const char *))
{
	struct rnf_conf *root = NULL;
	ck_assert_int_eq(rnf_conf_parse("a", text, &root), RNF_OK);
	return rnf_conf_digest(root, skips);
}

static const struct { const char *a, *b; } equal[] = {
	{ "x = 1;", "x = 1.0;" },
	{ "x = 1; y = 2;", "y = 2; x = 1;" },
	{ "act = \"mish\";", "act = { type = \"mish\"; };" },
	{ "l = ( \"mish\" );", "l = ( { type = \"mish\"; } );" },
	{ "l = ( 1, 2 );", "l = [ 1, 2 ];" },
	{ "g = { a = 1; b = ( 1 ); };", "g = { b = [ 1.0 ]; a = 1; };" },
};

START_TEST(spellings_of_one_conf_are_equal)
{
	ck_assert_uint_eq(digest(equal[_i].a, NULL), digest(equal[_i].b, NULL));
}
END_TEST

static const char *const others[] = { /* each differs from each */
	"", "x = 1;", "x = 2;", "x = true;", "x = \"1\";", "y = 1;", "x = { y = 1; };",
	"x = [ 1 ];", "x = [ 1, 1 ];", "x = [ 1, 2 ];", "x = [ 2, 1 ];", "x = [];",
	"x = ( [ 1 ], [ 2 ] );", "x = ( [ 2 ], [ 1 ] );", "x = 1; y = 2;", "x = 2; y = 1;",
	"x = \"mish\";", "x = { type = \"mish\"; a = 1; };", "x = { a = 1; type = \"relu\"; };",
	"x = { a = \"mish\"; };", "x = 0.1;", "x = 0.10000000000000001e1;x2 = 0;",
};

START_TEST(other_confs_are_not)
{
	for (int i = 0; i < TEST_ROWS(others); i++)
		if (i != _i) ck_assert_msg(digest(others[i], NULL) != digest(others[_i], NULL),
					   "%s and %s", others[i], others[_i]);
}
END_TEST

static int skips_name_and_b(const char *path)
{
	return !strcmp(path, "name") || !strcmp(path, "a.b") || !strcmp(path, "l[1].k");
}

START_TEST(keys_can_be_left_out)
{
	const uint64_t d = digest("a = { c = 1; };", skips_name_and_b);
	ck_assert_uint_eq(d, digest("name = \"x\"; a = { b = { d = 1; }; c = 1; };",
				    skips_name_and_b));
	ck_assert_uint_ne(d, digest("a = { c = 1; name = \"x\"; };", skips_name_and_b));
	ck_assert_uint_eq(digest("l = ( 1, { k = 1; } );", skips_name_and_b),
			  digest("l = ( 1, { k = 2; } );", skips_name_and_b));
	ck_assert_uint_ne(digest("l = ( { k = 1; }, 1 );", skips_name_and_b),
			  digest("l = ( { k = 2; }, 1 );", skips_name_and_b));
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ spellings_of_one_conf_are_equal, TEST_ROWS(equal) },
		{ other_confs_are_not, TEST_ROWS(others) },
		{ keys_can_be_left_out, 0 }, { NULL, 0 },
	};
	return test_run_cases("conf/digest", cases);
}
