/* What the machine says of itself and of this process. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/machine.h"
#include "lib/plugin.h"

START_TEST(a_process_grows_older)
{
	const double before = rnf_machine_age();
	if (isnan(before)) return; /* no /proc */
	usleep(100000);
	const double more = rnf_machine_age() - before;
	ck_assert_msg(before >= 0 && before < 100, "%g s old", before);
	ck_assert_msg(more > 0.08 && more < 50, "%g s of 0.1", more);
}
END_TEST

START_TEST(the_most_memory_stays)
{
	enum { SIZE = 64 << 20 };
	const int64_t before = rnf_machine_peak_memory();
	volatile char *memory = malloc(SIZE); /* else nobody would write to it */
	for (int i = 0; i < SIZE; i += 1024)
		memory[i] = 1;
	free((void *)memory);
	const int64_t more = rnf_machine_peak_memory() - before;
	ck_assert_msg(before > 100000 && more > SIZE / 2, "%lld, then %lld more",
		      (long long)before, (long long)more);
}
END_TEST

START_TEST(a_processor_has_a_name_of_one_line)
{
	const char *name = rnf_machine_cpu();
	if (name) ck_assert(*name && !strchr(name, '\n') && !strchr(name, ':'));
}
END_TEST

START_TEST(json_has_no_infinity_and_only_utf8)
{
	json_t *numbers = json_pack("[o,o,o]", rnf_json_number(NAN),
				    rnf_json_number(-INFINITY), rnf_json_number(1.5));
	json_t *words = json_pack("[o,o,o]", rnf_json_word(NULL), rnf_json_word("\xff"),
				  rnf_json_word("a"));
	ck_assert(json_is_null(json_array_get(numbers, 0)));
	ck_assert(json_is_null(json_array_get(numbers, 1)));
	ck_assert_double_eq(json_real_value(json_array_get(numbers, 2)), 1.5);
	ck_assert(json_is_null(json_array_get(words, 0)));
	ck_assert_str_eq(json_string_value(json_array_get(words, 1)), "(not UTF-8)");
	ck_assert_str_eq(json_string_value(json_array_get(words, 2)), "a");
	json_decref(numbers);
	json_decref(words);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { a_process_grows_older, the_most_memory_stays,
		a_processor_has_a_name_of_one_line, json_has_no_infinity_and_only_utf8,
		NULL };
	return test_run("base/machine", tests);
}
