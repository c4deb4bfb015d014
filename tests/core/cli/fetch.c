#include "lib/plugin.h"
#include "lib/program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/status.h"
#include "cli/cli.h"
#include "plugin/loader.h"

/* The true file is large: a short one of its name shows, by the message of its refusal,
 * that it was reached, and under which address. */
#define FILE_NAME "cifar-10-binary.tar.gz"
#define SHORT "28 bytes, must be 170052171"
#define MIRROR "a b#c%d+\xc3\xa9~"
#define ENCODED "a%20b%23c%25d%2B%C3%A9~"

static char root[40];

static void run(const char *command)
{
	test_shell("cd %s && %s", root, command);
}

static void set_up(void)
{
	strcpy(root, "/tmp/rnf_fetch_XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(root));
	char *build = realpath(test_build(), NULL);
	rnf_loader_path(rnf_format("%s/plugins", build));
	free(build);
	run("mkdir '" MIRROR "' && cd '" MIRROR "' && head -c 28 /dev/zero > " FILE_NAME);
}

static void tear_down(void)
{
	run("rm -r '" MIRROR "' && rm -rf out");
	ck_assert_int_eq(rmdir(root), 0);
}

static void refused(const char *mirror, const char *words, const char *more)
{
	const struct rnf_options o = { .words = (const char *[]){ "cifar10" }, .n_words = 1,
				       .mirror = mirror, .out = rnf_format("%s/out", root) };
	ck_assert_int_lt(rnf_verb_fetch(&o), 0);
	ck_assert_msg(strstr(rnf_fail_words(), words) != NULL, "%s", rnf_fail_words());
	ck_assert_msg(strstr(rnf_fail_words(), more) != NULL, "%s", rnf_fail_words());
}

START_TEST(mirrors_that_are_folders)
{
	set_up();
	char *top = realpath(root, NULL);
	const char *url = rnf_format("file://%s/%s/" FILE_NAME " ", top, ENCODED);
	free(top);
	refused(rnf_format("%s/%s", root, MIRROR), SHORT, url);
	ck_assert_int_eq(chdir(root), 0);
	refused(MIRROR, SHORT, url);
	refused("./" MIRROR "/", SHORT, url);
	tear_down();
}
END_TEST

START_TEST(mirrors_that_are_addresses)
{
	set_up();
	const char *url = rnf_format("file://%s/%s", root, ENCODED);
	const char *whole = rnf_format("%s/" FILE_NAME " ", url);
	refused(url, SHORT, whole);
	refused(rnf_format("%s/", url), SHORT, whole);
	refused("ftp://localhost/x", "ftp://localhost/x/" FILE_NAME,
		"only http, https and file");
	tear_down();
}
END_TEST

START_TEST(mirrors_that_are_neither)
{
	set_up();
	const char *absent = rnf_format("%s/absent", root);
	refused(absent, rnf_format("--mirror %s: ", absent), "No such file or directory");
	refused("/dev/null", "--mirror /dev/null: ", "is not a folder");
	tear_down();
}
END_TEST

/* On a terminal; the whole file is of 162 MB. */
START_TEST(a_terminal_sees_how_far_it_is)
{
	char out[512];
	if (!test_needs(test_command(out, sizeof out, "command -v script") == 0, "script")) return;
	set_up();
	test_command(out, sizeof out, "script -qec '%s/rnframe fetch cifar10 --mirror %s/a* --out %s/out' "
		     "/dev/null | head -c 400", test_build(), root, root);
	ck_assert_msg(strstr(out, "\r0 of 162 MB ") != NULL, "%s", out);
	tear_down();
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		mirrors_that_are_folders, mirrors_that_are_addresses,
		mirrors_that_are_neither, a_terminal_sees_how_far_it_is, NULL,
	};
	return test_run("cli/fetch", tests);
}
