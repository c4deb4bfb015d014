/* Words of failures: one, with a place in front, and several put aside. */
#include "base/status.h"

#include <stdio.h>
#include <string.h>

#include "lib/plugin.h"

START_TEST(words_are_kept_and_prefixed)
{
	ck_assert_int_eq(rnf_fail(RNF_ENOENT, "no %s", "file"), RNF_ENOENT);
	ck_assert_int_eq(rnf_fail_in(RNF_ENOENT, "a.cfg:%d: ", 4), RNF_ENOENT);
	ck_assert_str_eq(rnf_fail_words(), "a.cfg:4: no file");
}
END_TEST

START_TEST(one_aside_is_one_line)
{
	ck_assert_int_eq(rnf_fail_all(), RNF_OK);
	rnf_fail_aside(RNF_OK);
	rnf_fail_aside(rnf_fail(RNF_ENOENT, "one"));
	rnf_fail(RNF_EINVAL, "another that is not put aside");
	ck_assert_int_eq(rnf_fail_all(), RNF_ENOENT);
	ck_assert_str_eq(rnf_fail_words(), "one");
	ck_assert_int_eq(rnf_fail_all(), RNF_OK);
}
END_TEST

START_TEST(the_same_words_count_once)
{
	for (int i = 0; i < 3; i++)
		rnf_fail_aside(rnf_fail(RNF_EINVAL, "%s", i == 1 ? "two" : "one"));
	ck_assert_int_eq(rnf_fail_all(), RNF_EINVAL);
	ck_assert_str_eq(rnf_fail_words(), "one\ntwo");
}
END_TEST

static int lines(const char *text)
{
	int n = *text != 0;
	for (; *text; text++) n += *text == '\n';
	return n;
}

START_TEST(twenty_and_how_many_more)
{
	for (int i = 0; i < 23; i++)
		rnf_fail_aside(rnf_fail(RNF_EINVAL, "mistake %d", i));
	ck_assert_int_eq(rnf_fail_all(), RNF_EINVAL);
	ck_assert_int_eq(lines(rnf_fail_words()), 21);
	ck_assert_ptr_nonnull(strstr(rnf_fail_words(), "\nmistake 19\nand 3 more"));
	for (int i = 0; i < 20; i++)
		rnf_fail_aside(rnf_fail(RNF_EINVAL, "mistake %d", i));
	rnf_fail_all();
	ck_assert_int_eq(lines(rnf_fail_words()), 20);
}
END_TEST

/* Whole lines, whatever their length. */
START_TEST(long_lines_are_counted)
{
	char text[1500];
	int more = 0;
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = 0;
	for (int i = 0; i < 22; i++)
		rnf_fail_aside(rnf_fail(RNF_EINVAL, "%d%s", i, text));
	rnf_fail_all();
	const char *last = strrchr(rnf_fail_words(), '\n');
	ck_assert_int_eq(sscanf(last, "\nand %d more", &more), 1);
	ck_assert_int_eq(lines(rnf_fail_words()) - 1 + more, 22);
	ck_assert_int_eq(last[-1], 'x');
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		words_are_kept_and_prefixed, one_aside_is_one_line, the_same_words_count_once,
		twenty_and_how_many_more, long_lines_are_counted, NULL,
	};
	return test_run("status", tests);
}
