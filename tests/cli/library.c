/* librnframe as it is installed: what it exports, and the examples of its README, taken from
 * its text. */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "lib/plugin.h"
#include "lib/program.h"
#include "lib/sanitizer.h"

#define README "core/library/README.md"
#define BELOW "usr"

static char out[65536];

/* A sanitizer's runtime must be in the program that loads the library. */
static int skipped(void)
{
	const int sanitized = TEST_ASAN || TEST_TSAN;
	if (sanitized) puts("skipped: programs without the sanitizer cannot use the library");
	return sanitized;
}

static int has_numpy(void)
{
	const int has = test_command(out, sizeof out, "python3 -c 'import numpy' 2>&1") == 0;
	if (!has) puts("skipped: install python3-numpy");
	return has;
}

/* The code of a language in the README, as a file. */
static void extract(const char *language, const char *path)
{
	test_shell("awk '/^```/ { on = $0 == \"```%s\"; next } on' " README " >'%s' && test -s '%s'",
		   language, path, path);
}

/* DIR/usr has all of it, DIR/model.safetensors is a model of 8x8 pixels. */
static const char *installed(const char *name)
{
	const char *dir = test_folder(name);
	test_shell("env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -s -o all install BUILD=%s "
		   "DESTDIR=$(realpath %s) PREFIX=/" BELOW " LIBDIR=lib/x86_64-linux-gnu", test_build(), dir);
	test_shell("%s/rnframe train synthetic.cfg train.pictures=false --out %s/run >%s/log 2>&1 && "
		   "cp %s/run/model.safetensors %s", test_build(), dir, dir, dir, dir);
	return dir;
}

START_TEST(five_names_are_exported)
{
	test_command(out, sizeof out, "nm -D --defined-only %s/librnframe.so.0 | "
		     "awk '$2 == \"T\" { sub(/@.*/, \"\", $3); print $3 } $2 != \"T\" && $2 != \"A\"' | sort",
		     test_build());
	ck_assert_str_eq(out, "rnf_model_classes\nrnf_model_close\nrnf_model_label\n"
			 "rnf_model_open\nrnf_model_predict\n");
	test_command(out, sizeof out, "readelf -d %s/librnframe.so.0 | grep SONAME", test_build());
	ck_assert_msg(strstr(out, "[librnframe.so.0]") != NULL, "%s", out);
}
END_TEST

/* A line for each class, as `rnframe predict` says it. */
START_TEST(the_example_in_c)
{
	if (skipped()) return;
	const char *dir = installed("library_c");
	extract("c", rnf_format("%s/classify.c", dir));
	test_shell("cd %s && awk 'BEGIN { printf \"P6 11 9 255\\n\"; for (i = 0; i < 297; i++) "
		   "printf \"%%c\", 1 + i * 37 %% 120 }' >photo.ppm && export PKG_CONFIG_SYSROOT_DIR=$PWD "
		   "PKG_CONFIG_PATH=$PWD/" BELOW "/lib/x86_64-linux-gnu/pkgconfig && ${CC:-cc} -Wall -Wextra "
		   "-Werror classify.c $(pkg-config --cflags --libs rnframe) -o classify", dir);
	ck_assert_msg(test_command(out, sizeof out, "cd %s && LD_LIBRARY_PATH=$PWD/" BELOW
		"/lib/x86_64-linux-gnu ./classify model.safetensors photo.ppm", dir) == 0, "%s", out);
	int lines = 0;
	for (const char *at = out; (at = strchr(at, '\n')); at++)
		lines++;
	ck_assert_int_eq(lines, 10);
	ck_assert_msg(!strncmp(out, "0 0.", 4), "%s", out);
	ck_assert_int_eq(test_command(out, sizeof out, "cd %s && LD_LIBRARY_PATH=$PWD/" BELOW
		"/lib/x86_64-linux-gnu ./classify missing photo.ppm 2>&1", dir), 1);
	ck_assert_str_eq(out, "missing: there is no such file\n");
}
END_TEST

START_TEST(the_example_in_python)
{
	if (skipped() || !has_numpy()) return;
	const char *dir = installed("library_python");
	extract("python", rnf_format("%s/classify.py", dir));
	ck_assert_msg(test_command(out, sizeof out, "cd %s && python3 -c \"import numpy; "
		"numpy.save('images.npy', numpy.arange(3*9*7*3, dtype=numpy.uint8).reshape(3, 9, 7, 3))\" && "
		"PYTHONPATH=$PWD/" BELOW "/lib/python3/dist-packages python3 -B classify.py 2>&1", dir) == 0,
		"%s", out);
	ck_assert_msg(strlen(out) == 6 && strchr("0123456789", out[0]), "%s", out);
}
END_TEST

/* The module against an evaluation, and what it refuses: tests/cli/library.py. */
START_TEST(python_has_the_bits_of_eval)
{
	if (skipped() || !has_numpy()) return;
	const char *dir = test_folder("library_bits");
	ck_assert_msg(test_command(out, sizeof out, "PYTHONPATH=core/library RNFRAME_LIBRARY=$(realpath "
		"%s/librnframe.so.0) python3 -B tests/cli/library.py %s/rnframe %s 2>&1", test_build(),
		test_build(), dir) == 0, "%s", out);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ five_names_are_exported, 0 }, { the_example_in_c, 0 },
		{ the_example_in_python, 0 }, { python_has_the_bits_of_eval, 0 }, { NULL, 0 },
	};
	return test_run_cases("cli/library", cases);
}
