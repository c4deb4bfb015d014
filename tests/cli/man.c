/* The manual pages and the help: complete, and as mandoc wants them. */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "lib/plugin.h"
#include "lib/program.h"

static char out[1 << 18];

static const char *const pages[] = { "rnframe", "rnframe.cfg" };

/* Each refers to the other, which is not installed here. */
START_TEST(mandoc_has_no_complaint)
{
	const char *page = pages[_i];
	if (!test_needs(test_command(out, sizeof out, "command -v mandoc") == 0, "mandoc"))
		return;
	const char *file = rnf_format("%s/%s", test_folder("man"), page);
	test_shell("%s/rnframe man %s >%s", test_build(), page, file);
	test_command(out, sizeof out, "mandoc -Tlint %s | grep -v 'manual not found: Xr rnframe'", file);
	ck_assert_str_eq(out, "");
	test_command(out, sizeof out, "mandoc -Tascii -O width=80 %s | sed 's/.\x08//g'", file);
	ck_assert_ptr_nonnull(strstr(out, "\nSEE ALSO\n"));
}
END_TEST

START_TEST(a_verb_says_what_it_takes)
{
	ck_assert_int_eq(test_program(out, sizeof out, "train --help"), 0);
	ck_assert_ptr_nonnull(strstr(out, "rnframe train CONF"));
	ck_assert_ptr_null(strstr(out, "rnframe eval RUN"));
	ck_assert_int_eq(test_program(out, sizeof out, "help eval"), 0);
	ck_assert_ptr_nonnull(strstr(out, "rnframe eval RUN"));
}
END_TEST

START_TEST(every_verb_and_option_is_explained)
{
	static char help[1 << 16];
	const char *dir = test_folder("man");
	test_shell("%s/rnframe man >%s/page", test_build(), dir);
	test_program(help, sizeof help, "help | sed -n 's/^  rnframe \\([a-z]*\\).*/\\1/p'");
	int verbs = 0;
	for (char *verb = strtok(help, "\n"); verb; verb = strtok(NULL, "\n"), verbs++) {
		test_shell("grep -q '^.Ss rnframe %s$' %s/page", verb, dir);
		/* an option, and a line of words below it */
		test_command(out, sizeof out, "%s/rnframe help %s | awk '/^    --/ { name = $1; next } "
			     "name { if (length($0) < 16) print name; name = \"\" } "
			     "END { if (name) print name }'", test_build(), verb);
		ck_assert_msg(!*out, "%s: no words for %s: core/cli/words.c has them", verb, out);
		test_command(out, sizeof out, "%s/rnframe help %s | awk '/^    --/ && "
			     "$1 != \"--plugin-path\" { print $1 }' | while read -r option; do "
			     "sed -n '/^.Ss rnframe %s$/,/^.S[sh] /p' %s/page | "
			     "grep -q -e \"^.It Fl ${option#-}\\( \\|$\\)\" || echo $option; done",
			     test_build(), verb, verb, dir);
		ck_assert_msg(!*out, "%s: not in the page: %s", verb, out);
	}
	ck_assert_int_gt(verbs, 15);
}
END_TEST

/* As many keys of plugins as `inspect` shows, and those of the core. */
START_TEST(every_plugin_and_key_is_in_the_page)
{
	const char *dir = test_folder("man");
	test_shell("%s/rnframe man rnframe.cfg >%s/page; sed -n '/^.Sh PLUGINS/,$p' %s/page >%s/plugins",
		   test_build(), dir, dir, dir);
	test_command(out, sizeof out, "%s/rnframe inspect | while read -r kind name rest; do "
		     "sed -n \"/^.Ss Kind $kind$/,/^.S[sh] /p\" %s/plugins | "
		     "grep -q \"^.It Sy .*&$name\\\"$\" || echo $kind $name; done", test_build(), dir);
	ck_assert_str_eq(out, "");
	test_command(out, sizeof out, "%s/rnframe inspect | while read -r kind name rest; do "
		     "%s/rnframe inspect $kind $name; done | grep -v '^  conf:' | grep -c '^  '; "
		     "grep -c '^.It Ic' %s/plugins", test_build(), test_build(), dir);
	int inspected, written;
	ck_assert_int_eq(sscanf(out, "%d %d", &inspected, &written), 2);
	ck_assert_int_gt(inspected, 100);
	/* besides, the keys of all data sets, and two of layers and of blocks */
	test_command(out, sizeof out, "sed -n '/^.Ss Kind dataset$/,/^.El$/p' %s/plugins | "
		     "grep -c '^.It Ic'", dir);
	int common;
	ck_assert_int_eq(sscanf(out, "%d", &common), 1);
	ck_assert_int_eq(written, inspected + common + 4);
	test_shell("for key in train.optimizer model.layers study.arms.published train.init.skip; do "
		   "grep -q \"^.It Ic .*&$key\\\" \" %s/page || exit 1; done", dir);
}
END_TEST

static const struct {
	const char *typed, *words; /* the last word is being typed */
} completed[] = {
	{ "rnframe pr", "predict profile" }, { "rnframe plan a.cfg --p", "--phases --plugin-path" },
	{ "rnframe train zz", "" }, { "rnframe nonsense --", "" },
	{ "rnframe help pr", "predict profile" }, { "rnframe predict run --format \"\"", "jsonl csv npy" },
	{ "rnframe eval run --split v", "validation" }, { "rnframe train --resume a", "auto" },
	{ "rnframe data \"\"", "check" }, { "rnframe new c", "conf" }, { "rnframe card r", "" },
	{ "rnframe man \"\"", "rnframe rnframe.cfg" }, { "rnframe mistakes run --top \"\"", "" },
	{ "rnframe train quick", "quickstart.cfg" }, { "rnframe plan --conf xresnet2",
	  "xresnet20.cfg xresnet29.cfg" },
	{ "rnframe new conf a.cfg --like fine_", "fine_tune.cfg" },
	{ "rnframe check own", "own 1.cfg" }, /* beside "own.txt" */
};

START_TEST(bash_completes)
{
	const char *dir = test_folder("man");
	test_shell("%s/rnframe completion >%s/script && cd %s && touch \"own 1.cfg\" own.txt", test_build(),
		   dir, dir);
	test_command(out, sizeof out, "cd %s && bash -euc '. ./script; COMP_WORDS=(%s); "
		     "COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _rnframe; echo -n \"${COMPREPLY[*]:-}\"' 2>&1",
		     dir, completed[_i].typed);
	ck_assert_str_eq(out, completed[_i].words);
}
END_TEST

/* The second value has a year that no calendar has: the page is of today. */
START_TEST(the_day_of_a_page)
{
	test_command(out, sizeof out, "SOURCE_DATE_EPOCH=1728000000 %s/rnframe man | head -1", test_build());
	ck_assert_str_eq(out, ".Dd October 4, 2024\n");
	test_shell("SOURCE_DATE_EPOCH=99999999999999999999 %s/rnframe man | head -1 | "
		   "grep -q '^.Dd [A-Z][a-z]* [1-9][0-9]*, 2[0-9][0-9][0-9]$'", test_build());
}
END_TEST

START_TEST(a_page_that_is_not_there)
{
	ck_assert_int_eq(test_program(out, sizeof out, "man conf"), 2);
	ck_assert_ptr_nonnull(strstr(out, "there is no page conf; the pages are rnframe and rnframe.cfg"));
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ mandoc_has_no_complaint, TEST_ROWS(pages) },
		{ a_verb_says_what_it_takes, 0 },
		{ every_verb_and_option_is_explained, 0 },
		{ every_plugin_and_key_is_in_the_page, 0 },
		{ bash_completes, TEST_ROWS(completed) },
		{ the_day_of_a_page, 0 },
		{ a_page_that_is_not_there, 0 },
		{ NULL, 0 },
	};
	return test_run_cases("man", cases);
}
