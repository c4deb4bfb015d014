/* No feature is known by name: without any one plugin the program still runs everything
 * else, and a new plugin is found without any edit. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/plugin.h"
#include "lib/program.h"

/* A copy of the program with links to its plugins and confs. */
static const char *copy(const char *name)
{
	const char *dir = test_folder(name);
	test_shell("cp '%s/rnframe' '%s/'", test_build(), dir);
	test_shell("cp -rs \"$(realpath '%s/plugins')\" '%s/plugins'", test_build(), dir);
	test_shell("ln -sfn \"$(realpath conf)\" '%s/../conf'", dir);
	return dir;
}

/* One row for each plugin; the shell says which file was taken away. */
START_TEST(any_plugin_can_be_taken_away)
{
	const char *dir = copy("deletion");
	static const char script[] =
		"cd '%s' && all=$(./rnframe inspect | wc -l) && "
		"for so in plugins/*/*.so; do mv $so gone; "
		"n=$(./rnframe inspect | wc -l); mv gone $so; "
		"[ $n -eq $((all - 1)) ] || { echo $so: $n of $all; exit 1; }; done";
	test_shell(script, dir);
}
END_TEST

START_TEST(models_run_without_what_they_do_not_use)
{
	const char *dir = copy("unused");
	static const char script[] =
		"cd '%s' && rm -f plugins/activation/gelu.so plugins/format/keras_h5.so "
		"plugins/block/resnext.so plugins/transport/*.so plugins/backend/*.so "
		"plugins/dataset/cifar10.so && "
		"./rnframe train synthetic.cfg --out run >log 2>&1";
	test_shell(script, dir);
}
END_TEST

START_TEST(a_missing_plugin_is_named)
{
	const char *dir = copy("missing");
	static const char script[] =
		"cd '%s' && rm plugins/activation/mish.so && "
		"./rnframe train synthetic.cfg model.act=mish --out run >log 2>&1; "
		"[ $? -eq 2 ] && grep -q 'there is no activation.*mish' log";
	test_shell(script, dir);
}
END_TEST

START_TEST(a_new_plugin_is_found)
{
	const char *dir = copy("new");
	static const char script[] =
		"sed 's/mish/mishtoo/g' plugins/activation/mish.c >'%s/mishtoo.c' && "
		"${CC:-cc} -std=gnu17 -O2 -fPIC -shared -fvisibility=hidden -Iinclude "
		"'%s/mishtoo.c' -o '%s/plugins/activation/mishtoo.so' -lm";
	test_shell(script, dir, dir, dir);
	test_shell("cd '%s' && ./rnframe train synthetic.cfg model.act=mishtoo "
	      "--out run >log 2>&1", dir);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		any_plugin_can_be_taken_away,
		models_run_without_what_they_do_not_use,
		a_missing_plugin_is_named,
		a_new_plugin_is_found,
		NULL,
	};
	return test_run("deletion", tests);
}
