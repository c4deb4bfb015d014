/* Text on its way to a terminal: what is masked, what is shortened, lists. */
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/utf8.h"
#include "lib/plugin.h"

static const struct { const char *text, *line; } lines[] = {
	{ "", "" },
	{ "plain ~ text", "plain ~ text" },
	{ "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x90\x88", "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x90\x88" },
	{ "\33[31mred", "\\x1b[31mred" },
	{ "a\nb\tc\r\177", "a\\x0ab\\x09c\\x0d\\x7f" },
	/* C1, as UTF-8 and as a byte */
	{ "\xc2\x9b" "31m", "\\xc2\\x9b31m" },
	{ "\x9b" "31m", "\\x9b31m" },
	{ "\xc2\xa0", "\xc2\xa0" },
	/* marks of direction, separators of lines */
	{ "\xe2\x80\xae" "gfc", "\\xe2\\x80\\xaegfc" },
	{ "\xe2\x81\xa6", "\\xe2\\x81\\xa6" },
	{ "\xe2\x80\xa8", "\\xe2\\x80\\xa8" },
	/* no UTF-8: cut, overlong, a surrogate, too large, Latin-1 */
	{ "\xe2\x82", "\\xe2\\x82" },
	{ "\xc0\xaf", "\\xc0\\xaf" },
	{ "\xed\xa0\x80", "\\xed\\xa0\\x80" },
	{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" },
	{ "f\xfc" "r", "f\\xfcr" },
};

START_TEST(what_a_terminal_would_obey_is_masked)
{
	char line[256];
	const size_t n = rnf_text_line(line, sizeof line, lines[_i].text, strlen(lines[_i].text));
	ck_assert_str_eq(line, lines[_i].line);
	ck_assert_uint_eq(n, strlen(line));
	ck_assert_ptr_null(rnf_utf8_must(line));
	rnf_text_line(line, sizeof line, lines[_i].line, strlen(lines[_i].line));
	ck_assert_str_eq(line, lines[_i].line);
}
END_TEST

/* Text is cut between characters only, and both ends are kept. */
START_TEST(a_long_line_loses_its_middle)
{
	static const char *const units[] = { "x", "\xe2\x82\xac", "\33" };
	char text[4000] = "where: ", line[200];
	size_t gone = 0;
	for (size_t n = 7; n < 3900; n += strlen(units[_i])) strcpy(text + n, units[_i]);
	strcat(text, " wanted");
	const size_t n = rnf_text_line(line, sizeof line, text, strlen(text));
	ck_assert_uint_eq(n, strlen(line));
	ck_assert_uint_lt(n, sizeof line);
	ck_assert_uint_gt(n, sizeof line - 50);
	ck_assert_ptr_null(rnf_utf8_must(line));
	ck_assert_int_eq(strncmp(line, "where: ", 7), 0);
	ck_assert_str_eq(line + n - 7, " wanted");
	ck_assert_int_eq(sscanf(strstr(line, " [..."), " [... %zu bytes ...]", &gone), 1);
	ck_assert_uint_gt(gone, 3600);
}
END_TEST

/* At every length just around the room. */
START_TEST(a_line_fits_its_room)
{
	char text[300], line[128 + 1];
	memset(text, '\1', sizeof text);
	for (size_t n = 0; n < sizeof text; n++) {
		line[128] = 'G';
		ck_assert_uint_lt(rnf_text_line(line, 128, text, n), 128);
		ck_assert_int_eq(line[128], 'G');
	}
	memset(text, 'x', sizeof text);
	ck_assert_uint_eq(rnf_text_line(line, 128, text, 127), 127);
	ck_assert_ptr_null(strstr(line, "[..."));
	rnf_text_line(line, 128, text, 128);
	ck_assert_ptr_nonnull(strstr(line, "[..."));
}
END_TEST

START_TEST(a_list_shortens_and_counts)
{
	static char word[100000];
	struct rnf_list few = { 0 }, many = { 0 }, empty = { 0 };
	rnf_list_add(&few, ", ", "a");
	rnf_list_add(&few, ", ", "\33");
	ck_assert_str_eq(rnf_list_text(&few, "none"), "a, \\x1b");
	ck_assert_str_eq(rnf_list_text(&empty, "none"), "none");
	memset(word, 'x', sizeof word - 1);
	for (int i = 0; i < 3000; i++) rnf_list_add(&many, ", ", word);
	const char *text = rnf_list_text(&many, "none");
	ck_assert_uint_lt(strlen(text), 2000);
	ck_assert_ptr_nonnull(strstr(text, " more"));
	ck_assert_str_eq(rnf_list_text(&many, "none"), text);
	ck_assert_uint_lt(strlen(rnf_text_quoted(word)), 210);
}
END_TEST

/* Columns as terminals count them. */
static const struct { const char *text; int width; } widths[] = {
	{ "", 0 }, { "oak", 3 }, { "gr\xc3\xbcn", 4 }, { "gru\xcc\x88n", 4 }, { "\xe6\x9c\xa8", 2 },
	{ "\xed\x95\x9c", 2 }, { "\xf0\x9f\x8c\xb3", 2 }, { "\xe2\x82\xac", 1 }, { "a\33", 5 },
	{ "\xff", 4 }, { "\xe6\x9c", 8 }, { "\xef\xbd\xb1", 1 },
};

START_TEST(columns_of_a_text)
{
	char cell[64];
	FILE *out = fmemopen(cell, sizeof cell, "w");
	const char *text = widths[_i].text;
	const int width = widths[_i].width;
	ck_assert_int_eq(rnf_text_width(text), width);
	rnf_text_cell(out, -10, text);
	fputc('|', out);
	rnf_text_cell(out, 10, text);
	fputc('|', out);
	rnf_text_cell(out, 1, text); /* never cut */
	fclose(out);
	ck_assert_str_eq(cell, rnf_format("%s%*s|%*s%s|%*s%s", text, 10 - width, "", 10 - width, "",
					  text, width ? 0 : 1, "", text));
}
END_TEST

/* The standard output, in pieces that split characters. */
START_TEST(the_output_is_masked)
{
	char out[64] = "";
	FILE *file = tmpfile();
	const int saved = dup(1);
	dup2(fileno(file), 1);
	rnf_text_mask_output();
	for (const char *p = "\xe2\x82\xac\n\t\33\xc2\x9bz\r\n\r\r|\xe2\x82|\n"; *p; p++) {
		putchar(*p);
		ck_assert_int_eq(fflush(stdout), 0);
	}
	dup2(saved, 1);
	rewind(file);
	out[fread(out, 1, sizeof out - 1, file)] = 0;
	fclose(file);
	ck_assert_str_eq(out, "\xe2\x82\xac\n\t\\x1b\\xc2\\x9bz\r\n\\x0d\\x0d|\\xe2\\x82|\n");
}
END_TEST

START_TEST(an_output_that_fails_is_told)
{
	const int saved = dup(1), full = open("/dev/full", O_WRONLY);
	dup2(full, 1);
	rnf_text_mask_output();
	puts("lost");
	errno = 0;
	ck_assert_int_ne(fflush(stdout), 0);
	ck_assert_int_eq(errno, ENOSPC);
	ck_assert_int_ne(ferror(stdout), 0);
	dup2(saved, 1);
	close(full);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ what_a_terminal_would_obey_is_masked, TEST_ROWS(lines) },
		{ a_long_line_loses_its_middle, 3 }, { a_line_fits_its_room, 0 },
		{ a_list_shortens_and_counts, 0 }, { columns_of_a_text, TEST_ROWS(widths) },
		{ the_output_is_masked, 0 },
		{ an_output_that_fails_is_told, 0 }, { NULL, 0 },
	};
	return test_run_cases("text", cases);
}
