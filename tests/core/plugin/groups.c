/* A list of groups, each filled by one table. */
#include <stddef.h>
#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "lib/plugin.h"
#include "plugin/param.h"

struct item { const char *name; int64_t n; };
struct root { struct rnf_groups items; int64_t last; };

static const struct rnf_param item_rows[] = {
	{ .key = "name", .unit = "", .brief = "of it", .type = RNF_TYPE_STRING,
	  .flags = RNF_PARAM_REQUIRED, .offset = offsetof(struct item, name) },
	RNF_INT(struct item, n, 7, 1, 9, "", "how many"),
};
static const struct rnf_params item_params = {
	sizeof(struct item), TEST_ROWS(item_rows), sizeof *item_rows, item_rows
};
static const struct rnf_param root_rows[] = {
	{ .key = "items", .unit = "", .brief = "a list", .type = RNF_TYPE_GROUPS,
	  .offset = offsetof(struct root, items), .group = &item_params },
	RNF_INT(struct root, last, 3, 1, 9, "", "behind it"),
};
static const struct rnf_params root_params = {
	sizeof(struct root), TEST_ROWS(root_rows), sizeof *root_rows, root_rows
};

static rnf_status fill(const char *text, struct root *root)
{
	struct rnf_conf *tree = NULL;
	ck_assert_int_eq(rnf_conf_parse("a.cfg", text, &tree), RNF_OK);
	return rnf_param_fill(tree, &root_params, root);
}

START_TEST(each_group_is_a_struct)
{
	struct root root = { 0 };
	ck_assert_int_eq(fill("items = ( { name = \"a\"; }, { n = 2; name = \"b\"; } ); last = 4;",
			      &root), RNF_OK);
	const struct item *items = root.items.at;
	ck_assert_uint_eq(root.items.n, 2);
	ck_assert_str_eq(items[0].name, "a");
	ck_assert_int_eq(items[0].n, 7);
	ck_assert_str_eq(items[1].name, "b");
	ck_assert_int_eq(items[1].n, 2);
	ck_assert_int_eq(root.last, 4);
}
END_TEST

START_TEST(none_is_an_empty_list)
{
	struct root root = { 0 };
	ck_assert_int_eq(fill("", &root), RNF_OK);
	ck_assert_uint_eq(root.items.n, 0);
	ck_assert_int_eq(root.last, 3);
	ck_assert_int_eq(fill("items = ();", &root), RNF_OK);
	ck_assert_uint_eq(root.items.n, 0);
}
END_TEST

static const struct { const char *text, *words; } bad[] = {
	{ "items = 3;", "items is 3, must be a list of groups, ( { key = value; }, ... )" },
	{ "items = ( { name = \"a\"; }, 5 );", "items[1] is 5, must be " },
	{ "items = ( { n = 2; } );", "items[0]" },
	{ "items = ( { name = \"a\"; n = 10; } );", "items[0].n is 10, must be " },
	{ "items = ( { name = \"a\"; m = 1; } );", "items[0]" },
};

START_TEST(mistakes_name_the_group)
{
	struct root root = { 0 };
	ck_assert_int_eq(fill(bad[_i].text, &root), RNF_EINVAL);
	ck_assert_msg(strstr(rnf_fail_words(), bad[_i].words) != NULL, "%s", rnf_fail_words());
}
END_TEST

START_TEST(mistakes_of_several_are_told_together)
{
	struct root root = { 0 };
	ck_assert_int_eq(fill("items = (\n{ name = \"a\"; n = 0; },\n{ name = \"b\"; n = 11; } );",
			      &root), RNF_EINVAL);
	ck_assert_msg(strstr(rnf_fail_words(), "a.cfg:2: items[0].n is 0") &&
		      strstr(rnf_fail_words(), "a.cfg:3: items[1].n is 11"), "%s",
		      rnf_fail_words());
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ each_group_is_a_struct, 0 }, { none_is_an_empty_list, 0 },
		{ mistakes_name_the_group, TEST_ROWS(bad) },
		{ mistakes_of_several_are_told_together, 0 }, { NULL, 0 },
	};
	return test_run_cases("plugin/groups", cases);
}
