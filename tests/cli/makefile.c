/* The Makefile as users and packagers meet it: goals in order, flags, missing packages,
 * and the same objects from any folder. */
#include <stdio.h>
#include <string.h>

#include "lib/said.h"
#include "lib/sanitizer.h"

/* A make of its own, not one of the `make check` that runs this test. */
#define MAKE "env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u DEV make -s "

/* A program DIR/NAME of the shell. */
static void script(const char *dir, const char *name, const char *body)
{
	test_shell("printf '#!/bin/sh\\n%%s\\n' '%s' >%s/%s && chmod +x %s/%s", body, dir, name,
		   dir, name);
}

/* A compiler that keeps its command lines in DIR/calls. */
static void logging_compiler(const char *dir)
{
	script(dir, "cc", rnf_format("echo compile \"$@\" >>%s/calls; exec gcc \"$@\"", dir));
}

static void copy_tree(const char *dir)
{
	test_shell("mkdir -p %s && cp -r Makefile core plugins include %s", dir, dir);
}

START_TEST(goals_run_in_the_order_of_the_command_line)
{
	const char *dir = test_folder("goals");
	logging_compiler(dir);
	script(dir, "dpkg", rnf_format("sleep 0.3; echo install >>%s/calls", dir));
	test_shell("PATH=$PWD/%s:$PATH " MAKE "PACKAGES=one CC=%s/cc BUILD=%s/build deps "
		   "%s/build/core/base/file.o >/dev/null", dir, dir, dir, dir);
	test_command(out, sizeof out, "cut -d' ' -f1 %s/calls | tr '\\n' ' '", dir);
	ck_assert_str_eq(out, "install compile ");
}
END_TEST

START_TEST(a_goal_that_fails_ends_the_rest)
{
	const char *dir = test_folder("goals");
	ck_assert_int_ne(test_command(out, sizeof out, MAKE "BUILD=%s/build no_such_goal "
				      "help 2>&1", dir), 0);
	ck_assert_msg(!said("quickstart"), "%s", out);
}
END_TEST

START_TEST(a_goal_alone_runs_in_parallel)
{
	const char *dir = test_folder("parallel");
	script(dir, "cc", rnf_format("case \"$*\" in *\" -c \"*) echo begin >>%s/calls; sleep 1; "
				     "echo end >>%s/calls;; esac; exec gcc \"$@\"", dir, dir));
	test_shell(MAKE "-j2 CC=%s/cc BUILD=%s/build "
		   "%s/build/plugins/format/safetensors.so >/dev/null", dir, dir, dir);
	test_command(out, sizeof out, "head -n 2 %s/calls | tr '\\n' ' '", dir);
	ck_assert_str_eq(out, "begin begin ");
}
END_TEST

START_TEST(warnings_are_errors_for_developers_only)
{
	const char *dir = test_folder("warnings");
	logging_compiler(dir);
	test_shell(MAKE "CC=%s/cc BUILD=%s/a %s/a/core/base/file.o >/dev/null", dir, dir, dir);
	ck_assert_int_ne(test_command(out, sizeof out, "grep -e -Werror %s/calls", dir), 0);
	test_shell(MAKE "DEV=1 CC=%s/cc BUILD=%s/b %s/b/core/base/file.o >/dev/null", dir, dir,
		   dir);
	ck_assert_int_eq(test_command(out, sizeof out, "grep -e -Werror %s/calls", dir), 0);
}
END_TEST

START_TEST(other_flags_compile_anew_and_equal_ones_do_not)
{
	static const struct { const char *flags, *calls; } turns[] = {
		{ "CFLAGS=-O1", "1\n" }, { "CFLAGS=-O1", "1\n" }, { "CFLAGS=-O2", "2\n" },
		{ "CFLAGS=-O2 CPPFLAGS=-DPACKAGER=1", "3\n" },
		{ "CFLAGS=-O2 CPPFLAGS=-DPACKAGER=1 LDFLAGS=-Wl,-O1", "4\n" },
	};
	const char *dir = test_folder("flags");
	logging_compiler(dir);
	for (size_t i = 0; i < sizeof turns / sizeof *turns; i++) {
		test_shell(MAKE "%s CC=%s/cc BUILD=%s/build %s/build/core/base/file.o >/dev/null",
			   turns[i].flags, dir, dir, dir);
		test_command(out, sizeof out, "grep -c compile %s/calls", dir);
		ck_assert_msg(!strcmp(out, turns[i].calls), "after %s: %s", turns[i].flags, out);
	}
}
END_TEST

START_TEST(the_linker_gets_the_flags_of_a_packager)
{
	const char *dir = test_folder("ldflags");
	test_shell(MAKE "LDFLAGS=-Wl,-rpath,/packager BUILD=%s %s/plugins/activation/relu.so "
		   "%s/plugins/format/safetensors.so >/dev/null", dir, dir, dir);
	ck_assert_int_eq(test_command(out, sizeof out, "readelf -d %s/plugins/*/*.so | grep -c "
				      "'RUNPATH.*/packager'", dir), 0);
	ck_assert_str_eq(out, "2\n");
}
END_TEST

START_TEST(no_flags_of_a_packager_change_the_bits)
{
	const char *dir = test_folder("bits");
	const char *object = rnf_format("%s/kernel.o", dir);
#ifndef __x86_64__
	return;
#endif
	test_shell("printf 'float f(float a, float b, float c) { return a * b + c; }\\n' "
		   ">%s/kernel.c", dir);
	/* The tree's own flags follow those of a packager. */
	test_command(out, sizeof out, MAKE "V=1 -n CFLAGS='-Ofast -ffast-math -mfma "
		     "-ffp-contract=fast' BUILD=%s/build %s/build/core/base/file.o | "
		     "sed -n 's/.* \\(-std=.*\\) -MMD .*/\\1/p'", dir, dir);
	has("-mfma");
	out[strcspn(out, "\n")] = 0;
	test_shell("gcc %s -c %s/kernel.c -o %s", out, dir, object);
	ck_assert_msg(!said("-Ofast") && !said("-ffast-math"), "%s", out);
	ck_assert_int_ne(test_command(out, sizeof out, "objdump -d %s | grep vfm", object), 0);
	test_shell("gcc -O3 -mfma -ffp-contract=fast -c %s/kernel.c -o %s && "
		   "objdump -d %s | grep -q vfm", dir, object, object); /* it would */
}
END_TEST

START_TEST(a_compiler_that_fails_leaves_no_object)
{
	const char *dir = test_folder("half");
	script(dir, "cc", "while [ \"$1\" != -o ]; do shift; done; echo half >$2; exit 1");
	ck_assert_int_ne(test_command(out, sizeof out, MAKE "CC=%s/cc BUILD=%s/build "
				      "%s/build/core/base/file.o 2>&1", dir, dir, dir), 0);
	ck_assert_int_ne(test_command(out, sizeof out, "ls %s/build/core/base/file.o", dir), 0);
}
END_TEST

START_TEST(files_of_other_builds_are_not_read)
{
	const char *dir = test_folder("others");
	test_shell("mkdir -p %s/asan/core/base && echo '*** no makefile' >%s/asan/core/base/a.d",
		   dir, dir);
	ck_assert_msg(test_command(out, sizeof out, MAKE "BUILD=%s help 2>&1", dir) == 0, "%s",
		      out);
}
END_TEST

/* Each object knows its headers, those of test plugins and of preloaded libraries too. */
START_TEST(a_changed_header_compiles_anew)
{
	static const char *const files[] = { "plugins/activation/relu.so", "core/base/file.o",
		"plugins/format/safetensors/text.o", "tests/bad/layer/size_zero.so" };
	const char *dir = test_folder("headers");
	copy_tree(dir);
	test_shell("mkdir -p %s/tests && cp -r tests/bad %s/tests", dir, dir);
	for (size_t f = 0; f < sizeof files / sizeof *files; f++)
		test_shell(MAKE "-C %s build/%s >/dev/null", dir, files[f]);
	test_shell("sleep 0.1; touch %s/include/rnframe/*.h %s/core/base/file.h; sleep 0.1; "
		   "touch %s/now", dir, dir, dir);
	for (size_t f = 0; f < sizeof files / sizeof *files; f++) {
		test_shell(MAKE "-C %s build/%s >/dev/null", dir, files[f]);
		test_shell("test %s/build/%s -nt %s/now", dir, files[f], dir);
	}
}
END_TEST

/* Tests are linked to an archive, and their objects stay. */
START_TEST(a_line_of_core_compiles_one_object)
{
	test_command(out, sizeof out, MAKE "-n V=1 -o FORCE -W core/base/lock.c "
		     "%s/tests/cli/makefile 2>&1 | grep -o ' [^ ]*[.]c '", test_build());
	ck_assert_str_eq(out, " core/base/lock.c \n");
}
END_TEST

/* hdf5 stands for a package that is installed after the first build. */
START_TEST(a_plugin_comes_with_its_package)
{
	const char *dir = test_folder("packages");
	const char *make = rnf_format(MAKE "PKG_CONFIG=%s/pkg-config BUILD=%s/build "
				      "%s/build/plugins/format/keras_h5.so 2>&1", dir, dir, dir);
	if (!test_has_plugin("format", "keras_h5")) return;
	script(dir, "pkg-config", rnf_format("[ -f %s/installed ] || exit 1; exec pkg-config "
					     "\"$@\"", dir));
	ck_assert_msg(test_command(out, sizeof out, "%s", make) == 0, "%s", out);
	has("left out: plugins/format/keras_h5");
	test_shell("test -f %s/build/plugins/format/keras_h5.missing", dir);
	test_shell("touch %s/installed", dir);
	ck_assert_msg(test_command(out, sizeof out, "%s", make) == 0, "%s", out);
	ck_assert_int_eq(test_command(out, sizeof out, "nm -D "
		"%s/build/plugins/format/keras_h5.so | grep rnf_plugin_entry", dir), 0);
	test_shell("test ! -f %s/build/plugins/format/keras_h5.missing", dir);
}
END_TEST

/* Checkpoints hold the digests of plugins: these must not depend on where the tree was
 * built. */
START_TEST(two_clones_have_one_digest)
{
	static const char *const files[] = { "plugins/activation/mish.so",
					     "plugins/format/safetensors.so", "core/base/file.o" };
	const char *dir = test_folder("clones"), *clones[] = { "one", "another_place" };
	for (int i = 0; i < 2; i++) {
		const char *clone = rnf_format("%s/%s", dir, clones[i]);
		copy_tree(clone);
		for (size_t f = 0; f < sizeof files / sizeof *files; f++)
			test_shell(MAKE "-C %s build/%s >/dev/null", clone, files[f]);
	}
	for (size_t f = 0; f < sizeof files / sizeof *files; f++)
		test_shell("cmp %s/%s/build/%s %s/%s/build/%s", dir, clones[0], files[f], dir,
			   clones[1], files[f]);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ goals_run_in_the_order_of_the_command_line, 0 },
		{ a_goal_that_fails_ends_the_rest, 0 },
		{ a_goal_alone_runs_in_parallel, 0 },
		{ warnings_are_errors_for_developers_only, 0 },
		{ other_flags_compile_anew_and_equal_ones_do_not, 0 },
		{ the_linker_gets_the_flags_of_a_packager, 0 },
		{ no_flags_of_a_packager_change_the_bits, 0 },
		{ a_compiler_that_fails_leaves_no_object, 0 },
		{ files_of_other_builds_are_not_read, 0 },
		{ a_changed_header_compiles_anew, 0 },
		{ a_line_of_core_compiles_one_object, 0 },
		{ a_plugin_comes_with_its_package, 0 },
		{ two_clones_have_one_digest, 0 },
		{ NULL, 0 },
	};
	if (TEST_ASAN || TEST_TSAN || strcmp(test_build(), "build")) {
		puts("skipped: it is about the plain build");
		return 0;
	}
	return test_run_cases("makefile", cases);
}
