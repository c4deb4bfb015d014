#include "base/csv.h"

#include <stdlib.h>
#include <string.h>

#include "lib/plugin.h"

static const struct {
	const char *line;
	const char *fields[4]; /* ended by NULL */
	int is_bad;            /* after these the line is none */
} lines[] = {
	{ "a,b", { "a", "b" }, 0 },
	{ "", { "" }, 0 },
	{ ",", { "", "" }, 0 },
	{ "1,\"two, 2\",3\r\n", { "1", "two, 2", "3" }, 0 },
	{ "\"a \"\"b\"\"\",\"\"", { "a \"b\"", "" }, 0 },
	{ "1,\"open", { "1" }, 1 },
	{ "\"open\"\"", { NULL }, 1 },
};

START_TEST(fields_of_a_line)
{
	char *text = strdup(lines[_i].line), *rest = text;
	const char *field = NULL;
	for (size_t i = 0; lines[_i].fields[i]; i++) {
		ck_assert_ptr_nonnull(rest);
		field = rnf_csv_field(&rest);
		ck_assert_ptr_nonnull(field);
		ck_assert_str_eq(field, lines[_i].fields[i]);
	}
	if (lines[_i].is_bad) ck_assert_ptr_null(rnf_csv_field(&rest));
	else ck_assert_ptr_null(rest);
	free(text);
}
END_TEST

static const char *const texts[] = { "", "cat", "a \"b\", c", "\"", "größer" };

START_TEST(a_text_reads_back)
{
	char *line = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&line, &n);
	rnf_csv_text(out, texts[_i]);
	fclose(out);
	char *rest = line;
	ck_assert_str_eq(rnf_csv_field(&rest), texts[_i]);
	ck_assert_ptr_null(rest);
	free(line);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ fields_of_a_line, TEST_ROWS(lines) }, { a_text_reads_back, TEST_ROWS(texts) },
		{ NULL, 0 },
	};
	return test_run_cases("base/csv", cases);
}
