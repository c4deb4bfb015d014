/* Names with numbers: each is found, and none is confused with another. */
#include "base/names.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "lib/plugin.h"

enum { MANY = 10000 };

static const char *name(int i) { return rnf_format("layer%d/kernel", i); }

START_TEST(a_name_has_the_number_that_it_was_added_with)
{
	struct rnf_names names = { .n = 0 };
	ck_assert_int_eq(rnf_names_find(&names, "layer0/kernel"), -1);
	for (int i = 0; i < MANY; i++)
		ck_assert_int_eq(rnf_names_add(&names, name(i), i), -1);
	for (int i = 0; i < MANY; i++)
		ck_assert_int_eq(rnf_names_find(&names, name(i)), i);
	ck_assert_int_eq(rnf_names_find(&names, name(MANY)), -1);
	ck_assert_int_eq(rnf_names_find(&names, ""), -1);
}
END_TEST

START_TEST(a_name_added_again_keeps_its_number)
{
	struct rnf_names names = { .n = 0 };
	char text[16] = "twice";
	ck_assert_int_eq(rnf_names_add(&names, text, 7), -1);
	ck_assert_int_eq(rnf_names_add(&names, "twice", 8), 7);
	ck_assert_int_eq(rnf_names_find(&names, "twice"), 7);
	ck_assert_uint_eq(names.n, 1);
}
END_TEST

/* Their texts are gone when the next one is asked for. */
START_TEST(passing_names_are_known_until_all_are_cleared)
{
	struct rnf_names names = { .passing = 1 };
	char text[32];
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < MANY; i++) {
			snprintf(text, sizeof text, "tensor%d", i);
			ck_assert_int_eq(rnf_names_add(&names, text, i), -1);
		}
		strcpy(text, "tensor17");
		ck_assert_int_eq(rnf_names_add(&names, text, 0), 17);
		rnf_names_clear(&names);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { a_name_has_the_number_that_it_was_added_with,
		a_name_added_again_keeps_its_number,
		passing_names_are_known_until_all_are_cleared, NULL };
	return test_run("base/names", tests);
}
