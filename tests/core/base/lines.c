#include "lib/plugin.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/lines.h"
#include "base/status.h"
#include "lib/program.h"

static char text[256];

static const char *read_file(const char *path)
{
	FILE *f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	text[fread(text, 1, sizeof text - 1, f)] = 0;
	fclose(f);
	return text;
}

static void put(struct rnf_lines *lines, const char *line)
{
	rnf_lines_put(lines, line, strlen(line));
}

static int is_below(const char *line, const void *limit)
{
	return atoi(line) < *(const int *)limit;
}

START_TEST(lines_are_kept_up_to_one_and_go_on)
{
	char path[600];
	struct rnf_lines lines;
	const int limit = 3;
	snprintf(path, sizeof path, "%s/log", test_folder("lines"));
	ck_assert_int_eq(rnf_lines_resume(&lines, path, is_below, &limit), RNF_OK);
	ck_assert_int_eq(rnf_lines_empty(&lines), 1);
	put(&lines, "1\n");
	put(&lines, "2\n");
	put(&lines, "3\n");
	put(&lines, "1\n"); /* behind the first that goes */
	ck_assert_int_eq(rnf_lines_close(&lines, RNF_OK), RNF_OK);
	ck_assert_int_eq(rnf_lines_resume(&lines, path, is_below, &limit), RNF_OK);
	ck_assert_int_eq(rnf_lines_empty(&lines), 0);
	put(&lines, "half a li"); /* its process was killed */
	ck_assert_int_eq(rnf_lines_close(&lines, RNF_OK), RNF_OK);
	ck_assert_str_eq(read_file(path), "1\n2\nhalf a li");
	ck_assert_int_eq(rnf_lines_resume(&lines, path, is_below, &limit), RNF_OK);
	put(&lines, "9\n");
	ck_assert_int_eq(rnf_lines_close(&lines, RNF_OK), RNF_OK);
	ck_assert_str_eq(read_file(path), "1\n2\n9\n");
}
END_TEST

START_TEST(a_full_disk_is_told_at_the_end)
{
	struct rnf_lines lines;
	ck_assert_int_eq(rnf_lines_create(&lines, "/dev/full"), RNF_OK);
	put(&lines, "1\n");
	put(&lines, "2\n");
	ck_assert_int_eq(rnf_lines_close(&lines, RNF_OK), RNF_EIO);
	ck_assert_str_eq(rnf_fail_words(), "/dev/full: No space left on device");
	ck_assert_int_eq(rnf_lines_create(&lines, "/nowhere/log"), RNF_EIO);
	put(&lines, "1\n"); /* goes nowhere, and harms nothing */
	ck_assert_int_eq(rnf_lines_close(&lines, RNF_EINVAL), RNF_EINVAL);
}
END_TEST

static const struct {
	double value;
	const char *words;
} numbers[] = {
	{ 0, "0" }, { 0.1, "0.1" }, { 1e300, "1e+300" }, { 1.0 / 3, "0.3333333333333333" },
	{ 5e-324, "4.94065646e-324" }, { NAN, "nan" }, { INFINITY, "inf" },
	{ -INFINITY, "-inf" },
};

START_TEST(a_number_is_as_short_as_it_reads_back)
{
	char words[32];
	ck_assert_str_eq(rnf_number_text(words, numbers[_i].value), numbers[_i].words);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ lines_are_kept_up_to_one_and_go_on, 0 },
		{ a_full_disk_is_told_at_the_end, 0 },
		{ a_number_is_as_short_as_it_reads_back, TEST_ROWS(numbers) },
		{ NULL, 0 },
	};
	return test_run_cases("base/lines", cases);
}
