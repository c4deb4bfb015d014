#include "lib/plugin.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/arena.h"
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

static void go_on(struct rnf_lines *lines, const char *path, int limit)
{
	ck_assert_int_eq(rnf_lines_resume(lines, path, RNF_LINES_OF_RUN, is_below, &limit), RNF_OK);
}

START_TEST(lines_are_kept_up_to_one_and_go_on)
{
	char path[600];
	struct rnf_lines lines;
	snprintf(path, sizeof path, "%s/log", test_folder("lines"));
	go_on(&lines, path, 3);
	ck_assert_int_eq(rnf_lines_empty(&lines), 1);
	put(&lines, "1\n");
	put(&lines, "2\n");
	put(&lines, "3\n");
	put(&lines, "1\n"); /* behind the first that goes */
	ck_assert_int_eq(rnf_lines_close(&lines, RNF_OK), RNF_OK);
	go_on(&lines, path, 3);
	ck_assert_int_eq(rnf_lines_empty(&lines), 0);
	put(&lines, "half a li"); /* its process was killed */
	ck_assert_int_eq(rnf_lines_close(&lines, RNF_OK), RNF_OK);
	ck_assert_str_eq(read_file(path), "1\n2\nhalf a li");
	go_on(&lines, path, 3);
	put(&lines, "9\n");
	ck_assert_int_eq(rnf_lines_close(&lines, RNF_OK), RNF_OK);
	ck_assert_str_eq(read_file(path), "1\n2\n9\n");
}
END_TEST

/* Of a file that anybody may have written. */
START_TEST(a_line_takes_no_more_memory_than_a_line_may)
{
	char path[600];
	struct rnf_line line = { .number = 0 };
	snprintf(path, sizeof path, "%s/log", test_folder("lines_read"));
	test_shell("printf 'a\\n\\0b\\n\\nend' >%s", path);
	FILE *file = fopen(path, "r");
	static const struct { const char *text; size_t n; } lines[] = {
		{ "a\n", 2 }, { "\0b\n", 3 }, { "\n", 1 }, { "end", 3 }, { "", 0 },
	};
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		ck_assert_int_eq(rnf_line_read(&line, file, path), RNF_OK);
		ck_assert_uint_eq(line.n, lines[i].n);
		ck_assert_uint_eq(line.number, i + 1);
		ck_assert(!memcmp(line.text, lines[i].text, lines[i].n + 1));
	}
	fclose(file);
	test_shell("(echo a; head -c 65535 /dev/zero; echo; head -c 65536 /dev/zero; echo) >%s",
		   path);
	file = fopen(path, "r");
	line.number = 0;
	ck_assert_int_eq(rnf_line_read(&line, file, path), RNF_OK);
	ck_assert_int_eq(rnf_line_read(&line, file, path), RNF_OK);
	ck_assert_uint_eq(line.n, RNF_LINE_MAX);
	ck_assert_int_eq(rnf_line_read(&line, file, path), RNF_EINVAL);
	ck_assert_ptr_nonnull(strstr(rnf_fail_words(), "/log:3: a line of more than 65536 bytes"));
	fclose(file);
}
END_TEST

START_TEST(a_full_disk_is_told_at_the_end)
{
	struct rnf_lines lines;
	ck_assert_int_eq(rnf_lines_create(&lines, "/dev/full", RNF_LINES_OF_USER), RNF_OK);
	put(&lines, "1\n");
	put(&lines, "2\n");
	ck_assert_int_eq(rnf_lines_close(&lines, RNF_OK), RNF_EIO);
	ck_assert_str_eq(rnf_fail_words(), "/dev/full: No space left on device");
	ck_assert_int_eq(rnf_lines_create(&lines, "/nowhere/log", RNF_LINES_OF_RUN), RNF_EIO);
	put(&lines, "1\n"); /* goes nowhere, and harms nothing */
	ck_assert_int_eq(rnf_lines_close(&lines, RNF_EINVAL), RNF_EINVAL);
}
END_TEST

/* A disk that is full in the middle of a line: its beginning is taken back. */
START_TEST(half_a_line_is_taken_back)
{
	const char *path = rnf_format("%s/log", test_folder("lines_half"));
	struct rnf_lines lines;
	struct rlimit before, small;
	ck_assert_int_eq(rnf_lines_create(&lines, path, RNF_LINES_OF_RUN), RNF_OK);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = before;
	small.rlim_cur = 5;
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
	put(&lines, "1\n");
	put(&lines, "23456\n");
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
	ck_assert_int_eq(rnf_lines_close(&lines, RNF_OK), RNF_EIO);
	ck_assert_str_eq(read_file(path), "1\n");
}
END_TEST

/* A log of a run folder; one that the user names may be a link or a pipe. */
START_TEST(a_log_of_a_run_is_a_file)
{
	const char *dir = rnf_format("%s", test_folder("lines_kinds"));
	const char *link = rnf_format("%s/link", dir), *pipe = rnf_format("%s/pipe", dir);
	struct rnf_lines lines;
	const int limit = 3;
	test_shell("cd %s && echo kept >target && ln -s target link && mkfifo pipe", dir);
	ck_assert_int_eq(rnf_lines_create(&lines, link, RNF_LINES_OF_RUN), RNF_EINVAL);
	ck_assert_msg(strstr(rnf_fail_words(), "/link is a symbolic link") != NULL, "%s",
		      rnf_fail_words());
	ck_assert_int_eq(rnf_lines_create(&lines, pipe, RNF_LINES_OF_RUN), RNF_EINVAL);
	ck_assert_int_eq(rnf_lines_resume(&lines, link, RNF_LINES_OF_RUN, is_below, &limit),
			 RNF_EINVAL);
	ck_assert_int_eq(rnf_lines_resume(&lines, pipe, RNF_LINES_OF_RUN, is_below, &limit),
			 RNF_EINVAL);
	ck_assert_str_eq(read_file(rnf_format("%s/target", dir)), "kept\n");
	ck_assert_int_eq(rnf_lines_create(&lines, link, RNF_LINES_OF_USER), RNF_OK);
	put(&lines, "1\n");
	ck_assert_int_eq(rnf_lines_close(&lines, RNF_OK), RNF_OK);
	ck_assert_str_eq(read_file(rnf_format("%s/target", dir)), "1\n");
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
		{ a_line_takes_no_more_memory_than_a_line_may, 0 },
		{ a_log_of_a_run_is_a_file, 0 },
		{ a_full_disk_is_told_at_the_end, 0 }, { half_a_line_is_taken_back, 0 },
		{ a_number_is_as_short_as_it_reads_back, TEST_ROWS(numbers) },
		{ NULL, 0 },
	};
	return test_run_cases("base/lines", cases);
}
