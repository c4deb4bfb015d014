/* make install and uninstall: what they make and remove, below a PREFIX with blanks; the
 * installed program, wherever its tree lies. */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "lib/plugin.h"
#include "lib/program.h"

/* A make of its own, which builds nothing again. */
#define MAKE "env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -s -o all BUILD=%s DESTDIR='%s' " \
	"PREFIX=\"/us r/lo'cal\" "
#define BELOW "us r/lo'cal"

static char out[65536];

static void make(const char *goal, const char *dir)
{
	ck_assert_msg(test_command(out, sizeof out, MAKE "%s 2>&1", test_build(), dir, goal) == 0,
		      "%s", out);
}

START_TEST(uninstall_removes_what_install_made)
{
	const char *dir = test_folder("in stall");
	make("install", dir);
	test_command(out, sizeof out, "cd '%s' && find . -type f | sort", dir);
	ck_assert_msg(strstr(out, "./" BELOW "/bin/rnframe\n") != NULL, "%s", out);
	make("uninstall", dir);
	test_command(out, sizeof out, "cd '%s' && find .", dir);
	ck_assert_str_eq(out, ".\n./us r\n./" BELOW "\n");
	make("uninstall", dir); /* there is nothing, which is no failure */
}
END_TEST

START_TEST(what_others_made_stays)
{
	const char *dir = test_folder("in stall");
	test_shell("cd '%s' && mkdir -p \"" BELOW "/bin\" \"" BELOW "/share/rnframe/empty\" && "
		   "touch \"" BELOW "/bin/mine\"", dir);
	make("install", dir);
	test_shell("cd '%s' && touch \"" BELOW "/lib/rnframe/plugins/layer/mine.so\"", dir);
	make("uninstall", dir);
	test_command(out, sizeof out, "cd '%s/us r' && find . | sort", dir);
	ck_assert_str_eq(out, ".\n./lo'cal\n./lo'cal/bin\n./lo'cal/bin/mine\n./lo'cal/lib\n"
			 "./lo'cal/lib/rnframe\n./lo'cal/lib/rnframe/plugins\n"
			 "./lo'cal/lib/rnframe/plugins/layer\n"
			 "./lo'cal/lib/rnframe/plugins/layer/mine.so\n./lo'cal/share\n"
			 "./lo'cal/share/rnframe\n./lo'cal/share/rnframe/empty\n");
}
END_TEST

/* Every plugin, conf and header, and the module where python3 searches below /usr/local, with
 * the modes of such files. */
START_TEST(install_is_complete)
{
	const char *dir = test_folder("in stall");
	make("install", dir);
	test_shell("diff -r conf \"%s/" BELOW "/share/rnframe/conf\"", dir);
	test_shell("diff -r include/rnframe \"%s/" BELOW "/include/rnframe\"", dir);
	test_shell("cd %s/plugins && find . -name '*.so' -o -name '*.missing' | sort >../tests/tmp/built && "
		   "cd - >/dev/null && cd \"%s/" BELOW "/lib/rnframe/plugins\" && "
		   "find . -type f | sort | diff $OLDPWD/%s/tests/tmp/built -", test_build(), dir,
		   test_build());
	test_shell("test -s \"%s/" BELOW "/lib/python$(python3 -c 'import sys; print(\"%%d.%%d\" %% "
		   "sys.version_info[:2])')/dist-packages/rnframe/__init__.py\"", dir);
	test_command(out, sizeof out, "cd '%s' && find . -type f -printf '%%m\\n' -o -type d "
		     "-perm /022 -print | sort -u", dir);
	ck_assert_str_eq(out, "644\n755\n");
}
END_TEST

/* A version that had more files leaves none of them. */
START_TEST(an_upgrade_removes_old_files)
{
	const char *dir = test_folder("in stall");
	make("install", dir);
	test_shell("cd \"%s/" BELOW "\" && mkdir lib/rnframe/plugins/kind && "
		   "touch lib/rnframe/plugins/kind/old.so && echo lib/rnframe/plugins/kind/ "
		   ">>share/rnframe/installed && echo lib/rnframe/plugins/kind/old.so "
		   ">>share/rnframe/installed", dir);
	make("install", dir);
	test_shell("! test -e \"%s/" BELOW "/lib/rnframe/plugins/kind\"", dir);
	make("uninstall", dir);
	test_command(out, sizeof out, "cd '%s' && find . -type f", dir);
	ck_assert_str_eq(out, "");
}
END_TEST

/* Also when its tree is moved: nothing in it knows the PREFIX. */
START_TEST(the_installed_program_works_from_anywhere)
{
	const char *dir = test_folder("in stall");
	make("install", dir);
	test_shell("mv \"%s/" BELOW "\" '%s/moved'", dir, dir);
	const int status = test_command(out, sizeof out, "d=$(realpath '%s') && mkdir \"$d/work\" && "
		"cd \"$d/work\" && PATH=\"$d/moved/bin:$PATH\" && exec 2>&1 && "
		"rnframe train --conf synthetic.cfg train.pictures=false "
		"train.callbacks.training_monitor.plot=false --out run && rnframe eval run && "
		"rnframe check quickstart.cfg data.type=synthetic && rnframe confs", dir);
	ck_assert_msg(status == 0, "%s", out);
	ck_assert_msg(strstr(out, "ablation/7_reflect.cfg") != NULL, "%s", out);
}
END_TEST

/* PREFIX has characters that sed, the shell and pkg-config read as their own. */
START_TEST(pkg_config_finds_any_prefix)
{
	const char *dir = test_folder("in stall");
	make("install 'PREFIX=/a&b|c d'\\''e'", dir);
	test_command(out, sizeof out, "find '%s' -name rnframe.pc -execdir env PKG_CONFIG_PATH=. "
		     "pkg-config --cflags --libs rnframe ';' 2>&1", dir);
	ck_assert_str_eq(out, "-I/a\\&b\\|c\\ d\\'e/include -L/a\\&b\\|c\\ d\\'e/lib -lrnframe \n");
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ uninstall_removes_what_install_made, 0 },
		{ what_others_made_stays, 0 },
		{ install_is_complete, 0 },
		{ an_upgrade_removes_old_files, 0 },
		{ the_installed_program_works_from_anywhere, 0 },
		{ pkg_config_finds_any_prefix, 0 },
		{ NULL, 0 },
	};
	return test_run_cases("install", cases);
}
