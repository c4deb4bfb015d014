/* Messages of failures: one, with a place in front, and several put aside. */
#include "base/status.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

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

/* Each is printed, whatever its length: beginning and end of it. */
START_TEST(long_lines_are_shortened)
{
	static char text[100000];
	memset(text, 'x', sizeof text - 1);
	for (int i = 0; i < 22; i++)
		rnf_fail_aside(rnf_fail(RNF_EINVAL, "%d: %s: end %d", i, text, i));
	rnf_fail_all();
	ck_assert_int_eq(lines(rnf_fail_words()), 21);
	ck_assert_ptr_nonnull(strstr(rnf_fail_words(), "x: end 19\nand 2 more"));
	ck_assert_ptr_nonnull(strstr(rnf_fail_words(), " [... 9"));
	ck_assert_str_eq(rnf_fail_line() + strlen(rnf_fail_line()) - 8, "x: end 0");
	rnf_fail_in(RNF_EINVAL, "%s: ", text);
	ck_assert_int_eq(lines(rnf_fail_words()), 21);
	ck_assert_str_eq(rnf_fail_line() + strlen(rnf_fail_line()) - 8, "x: end 0");
}
END_TEST

/* Lines of an inner check count as lines, and those that it only counted count as well. */
START_TEST(several_lines_are_put_aside_as_several)
{
	for (int i = 0; i < 23; i++)
		rnf_fail_aside(rnf_fail(RNF_EINVAL, "mistake %d", i));
	rnf_fail_aside(rnf_fail_all());
	rnf_fail_aside(rnf_fail(RNF_EINVAL, "another"));
	rnf_fail_aside(rnf_fail(RNF_EINVAL, "mistake 3"));
	rnf_fail_all();
	ck_assert_int_eq(lines(rnf_fail_words()), 21);
	ck_assert_ptr_nonnull(strstr(rnf_fail_words(), "\nand 4 more"));
	ck_assert_str_eq(rnf_fail_line(), "mistake 0");
}
END_TEST

/* A line feed in a user's text does not start a second line. */
START_TEST(words_are_masked)
{
	rnf_fail(RNF_EINVAL, "%s: no\n\33[31m", "a\nb");
	rnf_fail_in(RNF_EINVAL, "%s: ", "\xc2\x9b");
	ck_assert_str_eq(rnf_fail_words(), "\\xc2\\x9b: a\\x0ab: no\\x0a\\x1b[31m");
	rnf_fail_again(RNF_EINVAL, "one\ntwo");
	ck_assert_str_eq(rnf_fail_words(), "one\ntwo");
	rnf_fail_in(RNF_EINVAL, "a: ");
	ck_assert_str_eq(rnf_fail_words(), "a: one\ntwo");
}
END_TEST

START_TEST(the_log_is_masked)
{
	char out[64] = "";
	FILE *file = tmpfile();
	const int saved = dup(2);
	dup2(fileno(file), 2);
	rnf_log(RNF_LOG_WARNING, "%s", "\33]0;title\a\n");
	dup2(saved, 2);
	rewind(file);
	out[fread(out, 1, sizeof out - 1, file)] = 0;
	fclose(file);
	ck_assert_str_eq(out, "warning: \\x1b]0;title\\x07\\x0a\n");
}
END_TEST

/* README's table, in both directions. */
START_TEST(exit_statuses)
{
	static const struct { rnf_status status; int code; } rows[] = {
		{ RNF_OK, 0 }, { RNF_EINTERNAL, 1 }, { RNF_ENOMEM, 1 }, { RNF_EINVAL, 2 },
		{ RNF_ENOENT, 2 }, { RNF_EUNSUP, 2 }, { RNF_EIO, 3 }, { RNF_ENUMBER, 4 },
		{ RNF_EPLUGIN, 5 }, { RNF_ESTOPPED, 75 }, { -1000, 5 }, { 1, 0 },
	};
	for (int i = 0; i < TEST_ROWS(rows); i++)
		ck_assert_int_eq(rnf_status_exit(rows[i].status), rows[i].code);
	ck_assert_int_eq(rnf_status_of_exit(0), RNF_OK);
	ck_assert_int_eq(rnf_status_of_exit(2), RNF_EINVAL);
	ck_assert_int_eq(rnf_status_of_exit(75), RNF_ESTOPPED);
	ck_assert_int_eq(rnf_status_of_exit(99), RNF_EINTERNAL);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		words_are_kept_and_prefixed, one_aside_is_one_line, the_same_words_count_once,
		twenty_and_how_many_more, long_lines_are_shortened,
		several_lines_are_put_aside_as_several, words_are_masked, the_log_is_masked,
		exit_statuses,
		NULL,
	};
	return test_run("status", tests);
}
