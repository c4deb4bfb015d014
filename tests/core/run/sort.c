/* Image files are sorted into folders; a name that is taken gets a number. */
#include "run/sort.h"

#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "lib/plugin.h"
#include "lib/program.h"

START_TEST(a_taken_name_gets_a_number)
{
	const char *dir = rnf_format("%s", test_folder("sort")), *as;
	test_shell("echo x >%s/a.jpg", dir);
	for (int link = 0; link < 2; link++) {
		const struct rnf_sorter s = { rnf_format("%s/%d", dir, link), link };
		const char *file = rnf_format("%s/a.jpg", dir), *const classes[] = { "c" };
		ck_assert_int_eq(rnf_sorter_check(&s, &file, 1, classes, 1), RNF_OK);
		ck_assert_int_eq(rnf_sorter_add(&s, file, "c", &as), RNF_OK);
		ck_assert_str_eq(as, rnf_format("%s/c/a.jpg", s.dir));
		ck_assert_int_eq(rnf_sorter_add(&s, file, "c", &as), RNF_OK);
		ck_assert_str_eq(as, rnf_format("%s/c/a-2.jpg", s.dir));
	}
	test_shell("cd %s && cmp a.jpg 0/c/a-2.jpg && ! test a.jpg -ef 0/c/a-2.jpg", dir);
	test_shell("cd %s && test a.jpg -ef 1/c/a-2.jpg", dir);
}
END_TEST

/* It is not taken for a name that is taken, although its class's folder exists. */
START_TEST(what_is_no_file_is_refused)
{
	const char *dir = rnf_format("%s", test_folder("sort_fifo")), *as;
	const struct rnf_sorter s = { dir, 0 };
	test_shell("mkdir -p %s/c && mkfifo %s/a.jpg", dir, dir);
	ck_assert_int_eq(rnf_sorter_add(&s, rnf_format("%s/a.jpg", dir), "c", &as), RNF_EINVAL);
	ck_assert_msg(strstr(rnf_fail_words(), "a.jpg is not a regular file"), "%s", rnf_fail_words());
	ck_assert_int_eq(rnf_sorter_add(&s, rnf_format("%s/b.jpg", dir), "c", &as), RNF_EINVAL);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ a_taken_name_gets_a_number, 0 }, { what_is_no_file_is_refused, 0 }, { NULL, 0 },
	};
	return test_run_cases("run/sort", cases);
}
