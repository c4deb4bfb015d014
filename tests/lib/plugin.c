#include "lib/plugin.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *test_build(void)
{
	const char *build = getenv("RNF_BUILD");
	return build ? build : "build";
}

const struct rnf_plugin *test_plugin(const char *file)
{
	const struct rnf_plugin *(*entry)(void);
	void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	ck_assert_msg(library != NULL, "%s", dlerror());
	*(void **)&entry = dlsym(library, "rnf_plugin_entry");
	ck_assert_msg(entry != NULL, "%s has no entry", file);
	const struct rnf_plugin *plugin = entry();
	ck_assert_msg(plugin != NULL, "%s: no descriptor", file);
	return plugin;
}

static const char *path_of(const char *kind, const char *name)
{
	static char path[512];
	snprintf(path, sizeof path, "%s/plugins/%s/%s.so", test_build(), kind, name);
	return path;
}

int test_has_plugin(const char *kind, const char *name)
{
	const int has = access(path_of(kind, name), R_OK) == 0;
	if (!has) printf("skipped: %s is not built\n", name);
	return has;
}

int test_needs(int has, const char *what)
{
	const char *ci = getenv("CI");
	if (!has && ci && !strcmp(ci, "true")) ck_abort_msg("%s is missing", what);
	if (!has) printf("skipped: no %s\n", what);
	return has;
}

const struct rnf_feature *test_feature(const char *kind, const char *name)
{
	const struct rnf_plugin *plugin = test_plugin(path_of(kind, name));
	ck_assert_uint_eq(plugin->magic, RNF_PLUGIN_MAGIC);
	ck_assert_str_eq(plugin->features[0].kind, kind);
	ck_assert_str_eq(plugin->features[0].name, name);
	return &plugin->features[0];
}

/* In front of PATH, the python3 that has the modules of `make deps`: another one may stand
 * before it. */
static void prefer_python_of_packages(void)
{
	static const char python[] = "/usr/bin/python3";
	const char *rest = getenv("PATH");
	char build[PATH_MAX], link[PATH_MAX + 32], path[2 * PATH_MAX];
	if (access(python, X_OK) != 0 || !rest || !realpath(test_build(), build)) return;
	snprintf(link, sizeof link, "%s/bin", build);
	mkdir(link, 0777);
	snprintf(path, sizeof path, "%s:%s", link, rest);
	snprintf(link, sizeof link, "%s/bin/python3", build);
	if (symlink(python, link) == 0 || errno == EEXIST) setenv("PATH", path, 1);
}

static int run_suite(Suite *suite)
{
	prefer_python_of_packages();
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	const int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}

int test_run_cases(const char *name, const struct test_case *cases)
{
	Suite *suite = suite_create(name);
	TCase *group = tcase_create(name);
	tcase_set_timeout(group, 900);
	for (; cases->test; cases++)
		if (cases->rows) tcase_add_loop_test(group, cases->test, 0, cases->rows);
		else tcase_add_test(group, cases->test);
	suite_add_tcase(suite, group);
	return run_suite(suite);
}

int test_run(const char *name, const TTest *const *tests)
{
	struct test_case cases[64] = { { NULL, 0 } };
	for (int i = 0; tests[i]; i++) {
		if (i == 63) return 1; /* none is left out unseen */
		cases[i].test = tests[i];
	}
	return test_run_cases(name, cases);
}
